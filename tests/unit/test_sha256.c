// SPDX-License-Identifier: MIT
/* SHA-256 by the examples of FIPS 180-4 and around the ends of its blocks; fingerprints by ssh-keygen's. */
#include <string.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "base/str.h"
#include "lib/keys.h"
#include "lib/t.h"
#include "setup/key_words.h"

static const char *hex(const void *data, size_t len)
{
	static char kept[2 * SHA256_BYTES + 1];
	CLEANUP_FREE char *text = sha256_text(data, len);

	snprintf(kept, sizeof(kept), "%s", text);
	return kept;
}

static int examples(void)
{
	T_STR(hex("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	T_STR(hex("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	T_STR(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
	      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	return 0;
}

static int ends_of_blocks(void)
{
	static const struct {
		size_t len;
		const char *sum;
	} t[] = {
		{ 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
		{ 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
		{ 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34" },
		{ 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
		{ 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0" },
		{ 119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb" },
		{ 120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c" },
		{ 128, "6836cf13bac400e9105071cd6af47084dfacad4e5e302c94bfed24e013afb73e" },
		{ 200, "c2a908d98f5df987ade41b5fce213067efbcc21ef2240212a41e54b5e7c28ae5" },
	};
	char a[200];

	memset(a, 'a', sizeof(a));
	for (size_t i = 0; i < COUNT(t); i++)
		T_STR(hex(a, t[i].len), t[i].sum);
	return 0;
}

static int fingerprints_are_those_of_ssh_keygen(void)
{
	static const struct {
		const char *line, *title, *print;
	} t[] = {
		{ "ssh-ed25519 " ED25519 " taro@laptop", "ED25519 256 taro@laptop",
		  "SHA256:iAKogGxf1R65qhJJCuo+5XDpatlzJ/AWN594oeTnLao" },
		{ "ssh-rsa " RSA2048 " taro@laptop", "RSA 2048 taro@laptop",
		  "SHA256:N+4zXbHy4LKIWKbYxcFvQXpZM5/m8Cyw3r3JtGIWAi4" },
		{ "ecdsa-sha2-nistp256 " ECDSA256 " taro@laptop", "ECDSA 256 taro@laptop",
		  "SHA256:jgIuOxjjQVi0On1dFuO19Ofgs+081hG7R2CXxAXRvf4" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		CLEANUP_FREE char *title = NULL;
		CLEANUP_FREE char *print = NULL;
		struct err e = { 0 };
		struct pubkey k;

		T_OK(pubkey_parse(t[i].line, &k, &e) == 0);
		title = key_title(&k);
		print = key_fingerprint(&k);
		pubkey_done(&k);
		T_STR(title, t[i].title);
		T_STR(print, t[i].print);
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(examples),
		T(ends_of_blocks),
		T(fingerprints_are_those_of_ssh_keygen),
	};

	return t_main(cases, COUNT(cases));
}
