// SPDX-License-Identifier: MIT
/* keys.h - blobs of public keys for tests, as authorized_keys holds them; nobody has their private halves. */
#pragma once

#define ED25519 "AAAAC3NzaC1lZDI1NTE5AAAAIKPzOOIiqNGM3XAcwkcLKe2ASb+69uTMplAr6r2djJTN"

#define RSA2048                                                                            \
	"AAAAB3NzaC1yc2EAAAADAQABAAABAQDtGBjfF9R7b51w+nNUSsw+MVsOgKyfUgNfjhjPvH8yU28tPt59" \
	"voKS4beEEXC8dKxK0HEX0VA5zz6IJeidso3dTsvsCzOe7164UHaYrPh4UF0ktXol9AK6+0vExfokH4/B" \
	"G97NRN15T2D7STyjsezPEzoZOkBzgqQI0TaOiCGf6GaotvYJe1pIoSBXh1jqnRgc3opB9Lwf3Dn4Q+W8" \
	"Fe61hHfiu/awEvJmaLxIDa+NRpl2uFzpyWo7nFX1ZC3HHkvofOTUdDY4LCgx8G61DqzFKgjsKx5g4RL9" \
	"plRE5GjRbLw5/kjocVdeY8V7nX37mMlD7LbrejQXY07bkY9eMETN"

#define RSA3072                                                                            \
	"AAAAB3NzaC1yc2EAAAADAQABAAABgQCbXSnhAiyoDoExdJORMb1Jmp6tAZBTfG2xl6uBH6x9RbRQbOHy" \
	"Qd6rQQpJMP+COE4Z1s+3m12nrY1lG6sQiytwdNUioV6Umm7bR89t9wsp93vkCuoTgne8dXs4ef9US70d" \
	"T0D/IhMbWi6GYo1w5k9kou5ZYfCLFkvCWTlWa5lQaQE1zSRg9eTH/jlzruFrrGBczid3RtHaEMmiVEDw" \
	"EGf1RLA1qya/KvG1IYlRikN5Df9hfFNEHCcamCIYuOHu3sP4Z/oE867gYcIMDFEx3nLCO291/QePWHWm" \
	"wC5SVbN30SZf82aZHsswZ/M9lkvqjXMQ74CmIy9FDO2xQln2VOTks3rfQ52Ca4tt8pm5kPTLh2b6KH3s" \
	"xbkLpibGVWX4IEaaP7pYeEyb8p5sO9p4o8+yFRKlNURETaB9B5Sv8t3MHMBNsu0B3AOXfXmarbsjsFZQ" \
	"m0PXzwjpHySfLFI7w82w/uQmYI7SXYmfW/T9IojgMurDAZ0/fSHLtIfpoycjNiU="

#define RSA1024                                                                            \
	"AAAAB3NzaC1yc2EAAAADAQABAAAAgQC5SFSRrudSLc5QlO1Gmi5ngf8wekFILhZPlcd7feEANmygV4np" \
	"BGDM1y8QG6GenAU4FVJXg221edT0vfnvM8/5zkwScYU4w33UKhERpZe2k2NLMHZHwN3Lch5ugrxHpS0Y" \
	"paT5CAfMJFaTmn5CeM8m3gtiFhScbjQJd5WUenzQlQ=="

#define ECDSA256                                                                           \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBD2tCVkC4tHIlj+yqVvcPjU6NbUD" \
	"Fr9wH3+Q4zSniIGCHLkiNZtu7J7Z+6t1WS1lSSmpC6eNchewcBtn+LvClBc="

#define ECDSA384                                                                           \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBBQSzrrFuoIWD/8REwmfunrshxMN" \
	"DLrwtLiTjveryXnN8jXh4tGLV9yIa+lVoBegbuo590MQCBJQa08mrYeQGU69bUs8jx/nKYD2zHfVvCyn" \
	"q3ft8Vim+UU3Wfx6cLaikg=="

#define ECDSA521                                                                           \
	"AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBADGnTKUzpiytaTHGHWcYY2O1lZQ" \
	"LdFfQsUfgV6dB5vXpbtylPRPh/pBBiyzQSPVzr8xW9EZr7D3ibka32dqj25F6ADs4eekkayTTqpfYqmd" \
	"5iSwwiFzlfwWO0icoJ99JWzWVL6z/DDFfydmMaX+f/iQhiKyloP8DBJrDnw4sGFT74EIdw=="

#define DSA                                                                                \
	"AAAAB3NzaC1kc3MAAACBAM0rR3nsjsRuMvyMq2kT1TUGfkgc6xXhI682HbO3HcQ6Y4fqbMPUiTMpIUSz" \
	"5pgcvFAIBJYi3ylHbLCm0OxlpuOxTo4kguD+f3xDk7h8C0LATHhBygN42uRRzY+FFejcqHHWMRBF7WFK" \
	"RY426RrRVFVERCh9OEKjKt7haFzs3qPRAAAAFQCIzC4VIqvViHRcnElfcGDzocFelwAAAIEAlf3jwEnJ" \
	"0m2scPFrFqULXaNMsvZ6S0Q1fGl4+r/UdsXzVS4kbrPf7itOZ+kaFFpJoiYyrYpuVEWZodatbtYq6ZBi" \
	"NtKh/PyYxU944gFvlYF3GSV7kNgGb9Hjfdw8uCNhNWwb7XN7NxNHyplQrvNuZcpXcu7Oo7vUh0jNSXFl" \
	"afcAAACACsR3Kq47P1VNKzeip9JhAjeGmoz5a5hdI96gDSaw8gFk+T/ngfnHcKDLCYXOaDkIBBRJVxHM" \
	"Zrqct1EtProicajg+aYEFt1BOitUkPjrXKTA7qeKu921oH0bGWK2nqx+nTpaZZC/apvdMZX4PdYgX1gl" \
	"6EvKp/ZpWXOvZKZjNM4="

#define CERT                                                                               \
	"AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIA91STus912/1hPrdBpHpFkJw9l+" \
	"OvV5EzbDZJJF74XOAAAAIKPzOOIiqNGM3XAcwkcLKe2ASb+69uTMplAr6r2djJTNAAAAAAAAAAAAAAAB" \
	"AAAAAXgAAAAIAAAABHRhcm8AAAAAAAAAAP//////////AAAAAAAAAIIAAAAVcGVybWl0LVgxMS1mb3J3" \
	"YXJkaW5nAAAAAAAAABdwZXJtaXQtYWdlbnQtZm9yd2FyZGluZwAAAAAAAAAWcGVybWl0LXBvcnQtZm9y" \
	"d2FyZGluZwAAAAAAAAAKcGVybWl0LXB0eQAAAAAAAAAOcGVybWl0LXVzZXItcmMAAAAAAAAAAAAAAGgA" \
	"AAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAEEEPa0JWQLi0ciWP7KpW9w+NTo1tQMW" \
	"v3Aff5DjNKeIgYIcuSI1m27sntn7q3VZLWVJKakLp41yF7BwG2f4u8KUFwAAAGQAAAATZWNkc2Etc2hh" \
	"Mi1uaXN0cDI1NgAAAEkAAAAgDpht/UzYK3wKWbCZw39SFcO1oWtU+6Z+O2s/51xzr+kAAAAhAPAFWfru" \
	"G7Vc0xQnJ8deRIcdcOsOkYspkhNouJbquLPL"

#define SK_ED25519                                                                         \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZ" \
	"GhscHR4fAAAABHNzaDo="

#define SK_ECDSA256                                                                        \
	"AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBD2tCVkC" \
	"4tHIlj+yqVvcPjU6NbUDFr9wH3+Q4zSniIGCHLkiNZtu7J7Z+6t1WS1lSSmpC6eNchewcBtn+LvClBcA" \
	"AAAEc3NoOg=="

#define ECDSA_WRONG_CURVE                                                                  \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAzODQAAABBBD2tCVkC4tHIlj+yqVvcPjU6NbUD" \
	"Fr9wH3+Q4zSniIGCHLkiNZtu7J7Z+6t1WS1lSSmpC6eNchewcBtn+LvClBc="

#define ECDSA_SHORT_POINT                                                                  \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAhBD2tCVkC4tHIlj+yqVvcPjU6NbUD" \
	"Fr9wH3+Q4zSniIGC"

#define SK_ED25519_SHORT                                                                   \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAHwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAEc3NoOg=="
