/* SPDX-License-Identifier: MIT */
/*
 * commit.pml - the commit protocol of a transaction, as the code has it; README.md says what is in it and what not.
 *
 * A line "@ FILE:FUNCTION: a < b" says which function the transitions below stand for, and which words come in
 * this order in it; `run` compares them with the code.  MUTANT_… are planted faults; `run` sees each caught.
 *
 * Two memories: what processes see (jc, fc: the page cache) and what a power cut leaves (jd, fd: the disk).
 */

#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef COMES
#define COMES 7 /* who may come: 1 confirm, 2 undo, 4 another apply; 8: any two of them */
#endif

/* Processes, by _pid. All run the same proctype, since all run the same program. */
#define APPLY	 1 /* the terminal of `kannuki apply` */
#define L0	 2 /* kannuki-apply@ID.service */
#define L1	 3 /* the sentinel: PID 1 starts it again */
#define L2	 4 /* kannuki-recover@ID.service, by its timer or by confirm */
#define BOOT	 5 /* kannuki-recover-boot.service (L3), then kannuki-settle.service */
#define CONFIRMS 6 /* `kannuki confirm` in a new login */
#define UNDOES	 7 /* `kannuki undo` */
#define OTHER	 8 /* another `kannuki apply`; at the very end one more `kannuki recover` */
#define ME	 (1 << _pid)

/* Records of the journal. Step 0 opens the new door, 1 closes the old one, 2 comes after CONFIRM. */
#define J_BEGIN	    1
#define J_PENDING   2
#define J_CONFIRM   4
#define J_UNDO	    8
#define J_END	    16
#define J_INTENT(i) (32 << (i))
#define J_DONE	    256 /* of step 2; of the others it decides nothing */
#define J_UNDONE(i) (512 << (i))

/* Files. */
#define F_ACTIVE  1
#define F_ENDED	  2  /* the id in /var/lib/kannuki/ended */
#define F_L3	  4  /* the unit of early boot, and its link */
#define F_SETTLE  8
#define F_PROGRAM 16 /* txn/ID/recover */
#define F_LOG	  32 /* txn/ID and its journal */
#define F_PRE(i)  (64 << (i))
#define F_STEP(i) (512 << (i)) /* what the step leaves on the disk */
#define F_STEPS	  (F_STEP(0) | F_STEP(1) | F_STEP(2))
#define F_LAYERS  (F_L3 | F_SETTLE)

short jc, jd;	/* the journal */
short jl;	/* records whose fsync failed: a later fsync does not write them (fsync(2)) */
short fc, fd;
byte live;	/* effect of step i in sshd and the kernel: 1 << i */
byte holder;	/* of the lock */
byte victim;	/* dies now */
byte frozen;	/* stopped by a signal */
short awake;	/* who is at work */
byte faults = FAULTS;
byte stage;	/* of a boot; 0: none under way */
#define STAGE_L3     1
#define STAGE_SSHD   2
#define STAGE_SETTLE 3
bool off, same_boot = 1, expired, limit;
bool l0_started, l0_alive, l1_on, l2_on, job; /* what PID 1 has to start, and what runs */
bool l0_watches, follows, confirm_waits;      /* who looks at the journal now and then */
bool moves;	/* the plan: the old port stays until CONFIRM; else step 1 closes the old door */
bool proof = 1; /* the plan closes a door */
bool second;	/* the transaction of OTHER is under way, with layers of its own */
bool applies = 1, confirms, undoes, other; /* people who will come */

/* Only for the properties: no process reads these. */
bool told;	/* a person was told that it is confirmed */
bool forward;	/* what only comes after CONFIRM was begun */
bool fell_back, l3_failed, booted, forever;
byte over, busy; /* busy: who is changing something */

#define PEOPLE	 (stage == 0 || stage == STAGE_SETTLE)
#define LAST	 (proof -> 2 : 1) /* steps before PENDING */
#define OLD_OPEN (moves -> !(live & 4) : !(live & 2))
#define NEW_OPEN (live & 1)
#define PROVED	 ((jd & J_CONFIRM) || (fd & F_ENDED))
#define GUARDED	 (!moves && (l1_on || l2_on || l3_failed || stage == STAGE_SETTLE))
/* Some door is open at any time. The old one closes after a proof only, or watched by what opens it again. */
#define CHECK_DOORS() assert((OLD_OPEN || NEW_OPEN) && (OLD_OPEN || PROVED || GUARDED))
#define OLD	 (!(fc & F_STEPS) && live == 0)
#define IS_NEW(x) ((x) == (proof -> 7 : 1) || (fell_back && ((x) & 3) == 3))
#define NEW	 (((jc & J_CONFIRM) || (fc & F_ENDED)) && IS_NEW((fc >> 9) & 7) && IS_NEW(live))

/* @ src/core/txn_state.c:state_by: RECORD_END < RECORD_CONFIRM < RECORD_UNDO_INTENT < RECORD_PENDING < RECORD_BEGIN */
#define GONE	  0
#define PREPARED  1
#define APPLYING  2
#define PENDING	  3
#define CONFIRMED 4
#define UNDOING	  5
#define ENDED	  6
#define BEFORE_CONFIRM                                                                           \
	((jc & J_UNDO) -> UNDOING :                                                              \
	 ((jc & J_PENDING) -> PENDING : ((jc & J_BEGIN) -> APPLYING : PREPARED)))
#ifdef MUTANT_UNDO_AFTER_CONFIRM /* the deadline is asked about first */
#define AFTER_END (((jc & J_CONFIRM) && !expired) -> CONFIRMED : BEFORE_CONFIRM)
#else
#define AFTER_END ((jc & J_CONFIRM) -> CONFIRMED : BEFORE_CONFIRM)
#endif
/* @ src/core/txn_state.c:txn_refresh: journal_read < state_of < look_at_begin < look_at_images < txn_has_ended < TXN_ENDED */
#define STATE (!(fc & F_LOG) -> GONE : (((jc & J_END) || (fc & F_ENDED)) -> ENDED : AFTER_END))

/* @ src/core/recover.c:why_undo: no_boot_since < RECOVER_NOW < RECOVER_BOOT < TXN_UNDOING < deadline < deadman_apply_alive < apply_limit */
#define DUE    0
#define EARLY  1
#define SETTLE 2
#define NOW    3
/* @ src/core/recover.c:no_boot_since: RECOVER_SETTLE < same_boot < TXN_UNDOING < deadman_watched */
#ifdef MUTANT_SETTLE_IN_MID_BOOT
#define NO_BOOT(s, m) (0)
#else
#define NO_BOOT(s, m) ((m) == SETTLE && same_boot && (s) != UNDOING && l1_on)
#endif
#ifdef MUTANT_BOOT_BELIEVES_CLOCK /* a soft reboot keeps boot_id: early boot waits for the deadline */
#define AT_ONCE(m) ((m) == NOW)
#else
#define AT_ONCE(m) ((m) != DUE)
#endif
#define UNDO_IS_DUE(s, m)                                                                        \
	(!NO_BOOT(s, m) && (AT_ONCE(m) || ((s) != PREPARED && !same_boot) || (s) == UNDOING ||   \
			    ((s) == PENDING && expired) ||                                       \
			    ((s) < PENDING && (!l0_alive || ((s) == APPLYING && limit)))))
#define IS_DUE(s, m) ((s) != GONE && ((s) == ENDED || (s) == CONFIRMED || UNDO_IS_DUE(s, m)))
/* What justifies an undo. */
#define CAUSE                                                                                    \
	(mode == NOW || _pid == L0 || st == UNDOING || booted || (st == PENDING && expired) ||   \
	 (st < PENDING && (!l0_alive || limit)))

/* Killed between a write and its fsync: others see what is not on the disk.  Everywhere else it is the environment
 * that kills. */
#define DIE_UNSYNCED faults > 0 -> faults--; victim = _pid

/* One file. Staged, synced, moved in, and then the folder is synced. */
/* @ src/os/linux_put.c:put_in: put_staged < fsync */
inline put(which)
{
	if
	:: d_step { fc = fc | (which); fd = fd | (which) }
	:: d_step { DIE_UNSYNCED; fc = fc | (which) }
	fi
}
inline remove(which)
{
	if
	:: d_step { fc = fc & ~(which); fd = fd & ~(which) }
	:: d_step { DIE_UNSYNCED; fc = fc & ~(which) }
	fi
}

/* @ src/core/journal.c:journal_add: os_write_at */
/* @ src/os/linux_put.c:linux_write_at: pwrite < fdatasync */
inline record(which)
{
	if
	:: d_step { jc = jc | (which); jd = (jc & ~jl) | (jd & jl); ok = 1 }
	:: d_step { DIE_UNSYNCED; jc = jc | (which) }
	:: d_step { faults > 0 -> faults--; jc = jc | (which); jl = jl | (jc & ~jd); ok = 0 }
	fi
}
#ifdef MUTANT_CONFIRM_NOT_SYNCED
#define RECORD_CONFIRM() jc = jc | J_CONFIRM; ok = 1
#else
#define RECORD_CONFIRM() record(J_CONFIRM)
#endif

/* @ src/core/txn_run.c:run_step: RECORD_INTENT < keep_image < mark_step < apply < verify < keep_image < RECORD_DONE */
inline run_step(n)
{
	bad = 0;
	if
	:: jc & J_INTENT(n)
	:: else ->
#ifdef MUTANT_IMAGE_NOT_SYNCED
		fc = fc | F_PRE(n);
#else
		put(F_PRE(n));
#endif
#ifndef MUTANT_INTENT_AFTER_CHANGE
		record(J_INTENT(n));
		bad = !ok
#endif
	fi;
	if
	:: bad
	:: else ->
		if :: n == 2 -> forward = 1 :: else fi;
		put(F_STEP(n));
		if
		:: d_step { live = live | (1 << n); CHECK_DOORS() }
		:: d_step { faults > 0 -> faults--; bad = 1 } /* the host refuses it */
		fi;
#ifdef MUTANT_INTENT_AFTER_CHANGE
		record(J_INTENT(n));
#endif
		if
		:: !bad && n == 2 -> record(J_DONE); bad = !ok
		:: else
		fi
	fi
}

/* @ src/core/txn_run.c:undo_step: txn_pre_image < RECORD_INTENT < UNDO_SETTLE < settle < undo < RECORD_UNDONE */
inline undo_step(n)
{
	if
	:: !(jc & J_INTENT(n))
	:: else ->
		assert(fc & F_PRE(n)); /* "the image from before it is missing" */
		if
		:: d_step { faults > 0 -> faults--; bad = 1 }
		:: true ->
			if
			:: mode == SETTLE && (jc & J_UNDONE(n))
#ifdef MUTANT_UNDO_NOT_SYNCED
			:: else -> fc = fc & ~F_STEP(n)
#else
			:: else -> remove(F_STEP(n))
#endif
			fi;
			if
			:: mode == EARLY
			:: else -> d_step { live = live & ~(1 << n); CHECK_DOORS() }
			fi;
			if
			:: jc & J_UNDONE(n)
			:: else -> record(J_UNDONE(n)); bad = bad || !ok
			fi
		fi
	fi
}

/* @ src/core/deadman.c:deadman_arm: write_layer < daemon_reload < "restart" < expect_armed */
inline arm()
{
	put(F_L3);
	put(F_SETTLE);
	d_step { l1_on = 1; l2_on = 1 }
}

/* @ src/core/deadman.c:deadman_disarm: stop_units < "/sysinit.target.wants" < RUN_UNITS < "/multi-user.target.wants" < daemon_reload */
inline disarm()
{
	assert(!second); /* the other's layers have the same names */
	if
	:: mode == EARLY
	:: else -> d_step { l2_on = 0; l1_on = 0 }
	fi;
	remove(F_L3);
	remove(F_SETTLE)
}

/* @ src/core/txn.c:txn_clear: remember_ended < remove_images < remove_active < deadman_disarm < "recover" */
#define IS_CLEAR                                                                                 \
	((fc & fd & F_ENDED) && !((fc | fd) & (F_ACTIVE | F_LAYERS | F_PROGRAM)) && !l1_on &&    \
	 !l2_on && ((jc & J_CONFIRM) || !((fc | fd) & (F_PRE(0) | F_PRE(1) | F_PRE(2)))))
inline clear()
{
	if
	:: IS_CLEAR
	:: else ->
		put(F_ENDED);
		d_step { expired = 0; limit = 0; follows = 0; confirms = 0; undoes = 0 }; /* they change nothing any more */
		if
		:: jc & J_CONFIRM
		:: else -> remove(F_PRE(0) | F_PRE(1) | F_PRE(2))
		fi;
		remove(F_ACTIVE);
		disarm();
		remove(F_PROGRAM)
	fi
}

/* @ src/core/txn.c:txn_discard: remove_active < remove_folder */
inline discard()
{
	remove(F_ACTIVE);
	d_step { fc = fc & ~(F_LOG | F_PROGRAM); jc = 0; jl = 0; fd = fd & ~(F_LOG | F_PROGRAM); jd = 0 }
}

/*
 * Who waits - for the deadline, for the lock - is not awake: he wakes when something is due and the lock is free,
 * has it at once, and reads the journal.  What he read before he had the lock decides nothing: act() reads again.
 */
/* @ src/core/txn.c:txn_lock: txn_lock_or_who */
#define FREE (holder == 0)
#define WAKE(who, when)                                                                          \
	d_step {                                                                                 \
		_pid == who && !off && FREE && (when) ->                                         \
		assert(busy == 0);                                                               \
		busy = _pid; holder = _pid; awake = awake | ME; st = STATE                       \
	}
#define WATCH(who, when) WAKE(who, (when) && IS_DUE(STATE, DUE))
/* @ src/core/recover.c:lock_or_break: txn_lock_or_who < RECOVER_BOOT < TXN_PENDING < outwait < apply_limit < deadman_kill_apply < outwait < txn_lock */
#define STUCK (holder != 0 && frozen == holder)
/* @ src/core/recover.c:outwait: stopped < os_kill < txn_lock_or_who */
#ifdef MUTANT_STOPPED_UNDO_IS_WAITED_FOR
#define HELD_TOO_LONG (STATE >= PENDING)
#else
#define HELD_TOO_LONG (STATE >= PENDING || (STATE == APPLYING && limit))
#endif
#define OUTWAIT(who, when)                                                                       \
	d_step {                                                                                 \
		_pid == who && !off && (when) && STUCK && HELD_TOO_LONG && IS_DUE(STATE, DUE) -> \
		victim = holder; frozen = 0                                                      \
	}
#define KILL_APPLY(who, when)                                                                    \
	d_step {                                                                                 \
		_pid == who && !off && (when) && holder != 0 && STATE < PENDING && l0_alive ->   \
		l0_alive = 0; l0_started = 0; l0_watches = 0;                                    \
		victim = ((awake & (1 << L0)) -> L0 : 0);                                        \
		if :: frozen == L0 && victim == L0 -> frozen = 0 :: else fi                      \
	}
#define L2_STARTS (job || (l2_on && ((jc & J_PENDING) -> expired : limit)))
#define LOWEST                                                                                   \
	((awake & 2) -> 1 : ((awake & 4) -> 2 : ((awake & 8) -> 3 : ((awake & 16) -> 4 :         \
	 ((awake & 32) -> 5 : ((awake & 64) -> 6 : ((awake & 128) -> 7 : ((awake & 256) -> 8 : 0))))))))

proctype kannuki() provided ((victim == 0 || victim == _pid) && frozen != _pid)
{
	byte st, mode, i;
	bool bad, ok, fails, again;
end_idle:
	{
end_waits:
		do
		:: WAKE(APPLY, applies && PEOPLE) -> goto prepare
		/* @ src/setup/follow.c:follow_apply: outcome_by_id < TXN_PENDING < TXN_ENDED < TXN_PREPARED < recover_run */
		:: WATCH(APPLY, follows && STATE == PREPARED) -> goto act
		:: WAKE(L0, l0_started) -> goto carry_out
		/* @ src/cmd/recover.c:apply_run: txn_carry_out < TXN_PREPARED < watch */
#ifdef MUTANT_UNBEGUN_WATCHES
		:: d_step { _pid == L0 && l0_started && STUCK -> l0_started = 0; l0_watches = 1 }
#else
		:: d_step { _pid == L0 && l0_started && STUCK -> l0_started = 0; l0_alive = 0 }
#endif
		/* @ src/cmd/recover.c:watch: recover_run < os_sleep */
		:: WATCH(L0, l0_watches) -> goto act
		:: OUTWAIT(L0, l0_watches)
#ifdef MUTANT_WITHOUT_LOCK
		:: d_step { _pid == L1 && !off && l1_on && !(awake & ME) && IS_DUE(STATE, DUE) -> assert(busy == 0); busy = _pid; awake = awake | ME; st = STATE } -> goto act
#else
		:: WATCH(L1, l1_on) -> goto act
#endif
		:: OUTWAIT(L1, l1_on)
		:: KILL_APPLY(L1, l1_on && STATE == APPLYING && limit)
		:: WATCH(L2, L2_STARTS) -> goto act
		:: OUTWAIT(L2, L2_STARTS)
		:: WAKE(BOOT, stage == STAGE_L3 && (fc & F_L3) && (fc & F_PROGRAM)) -> mode = EARLY; goto find
		:: WAKE(BOOT, stage == STAGE_SETTLE) -> mode = SETTLE; goto find
		:: WAKE(CONFIRMS, confirms && PEOPLE && NEW_OPEN && (fc & F_ACTIVE) && !second && STATE >= PENDING) -> goto commit
		:: WATCH(CONFIRMS, confirm_waits) -> goto act
		:: OUTWAIT(CONFIRMS, confirm_waits)
		:: WAKE(UNDOES, undoes && PEOPLE && (fc & F_ACTIVE) && !second) -> mode = NOW; undoes = 0; goto act
		:: KILL_APPLY(UNDOES, undoes && PEOPLE && (fc & F_ACTIVE) && !second)
		:: WAKE(OTHER, (other || over == 1) && PEOPLE) -> goto find
		od;

prepare: /* @ src/setup/carry_out.c:prepare_and_start: txn_lock < txn_prepare < start < os_unlock */
		applies = 0;
		/* @ src/setup/carry_out.c:nothing_under_way: recover_run < txn_active */
		/* @ src/core/txn.c:txn_prepare: txn_active < fill_folder < TXN_ACTIVE < txn_discard */
		if
		:: (fc & F_ACTIVE) || second -> goto done
		:: else
		fi;
		put(F_LOG);
		put(F_PROGRAM);
		assert(!second);
		put(F_ACTIVE);
		/* @ src/setup/carry_out.c:start: deadman_write_apply_unit < "start" */
		d_step { l0_started = 1; l0_alive = 1; follows = 1 };
		goto done;

carry_out: /* @ src/core/txn_run.c:txn_carry_out: txn_lock < expect_active < carry_out_locked < txn_finish < txn_refresh < TXN_CONFIRMED < txn_undo < os_unlock */
		l0_started = 0;
		/* @ src/core/txn_run.c:carry_out_locked: txn_refresh < TXN_PREPARED < begin < run_phases < begin_window < RECORD_CONFIRM */
#ifdef MUTANT_UNBEGUN_WATCHES
		if :: st != PREPARED -> goto wait :: else fi;
#else
		if :: st == GONE -> goto done :: st != GONE && st != PREPARED -> goto wait :: else fi;
#endif
#ifndef MUTANT_BEGINS_WITHOUT_ACTIVE
		/* @ src/core/txn_run.c:expect_active: txn_active < str_eq < ERR_CONFLICT */
		if :: !(fc & F_ACTIVE) -> goto done :: else fi;
#endif
		/* @ src/core/txn_run.c:begin: journal_add < deadman_arm */
		record(J_BEGIN);
		follows = 0;
#ifdef MUTANT_ARM_LATE
		if :: ok :: else -> goto failed fi;
#else
		if :: ok -> arm() :: else -> goto failed fi;
#endif
		/* @ src/core/txn_run.c:run_phases: PHASE_FINISH < apply_limit < run_step */
		do
		:: i < LAST ->
			if :: limit -> goto failed :: else fi;
			run_step(i);
			if :: bad -> goto failed :: else -> i++ fi
		:: else -> break
		od;
		i = 0;
#ifdef MUTANT_ARM_LATE
		arm();
#endif
#ifdef MUTANT_CLOSE_BEFORE_PROOF
		run_step(2);
#endif
		if
		:: proof -> /* @ src/core/txn_run.c:begin_window: RECORD_PENDING < deadman_rearm */
			record(J_PENDING);
			if :: ok -> l2_on = 1; goto wait :: else -> goto failed fi
		:: else ->
			RECORD_CONFIRM();
			if :: ok -> st = CONFIRMED; goto finish :: else -> goto failed fi
		fi;
failed:
		atomic { st = STATE; i = 0; bad = 0 };
		if
		:: st < CONFIRMED || st == UNDOING -> goto undo
		:: else -> goto wait
		fi;

commit: /* @ src/cmd/confirm.c:commit: txn_lock < txn_refresh < TXN_PENDING < deadline < check_proof < txn_confirm < os_unlock < print_witness */
		/* @ src/cmd/confirm.c:run: txn_open_active < txn_expect_certain < TXN_APPLYING < TXN_CONFIRMED < commit < finish */
		confirms = 0;
		if
		:: st == CONFIRMED -> goto act
#ifdef MUTANT_CONFIRM_TOO_LATE
		:: st == PENDING || st == UNDOING
#else
		:: st == PENDING && same_boot && !expired
#endif
		:: else -> goto done
		fi;
		/* @ src/core/proof.c:proof_check: walk_up < find_connection < judge_connection < judge_login */
		assert(NEW_OPEN);
		/* @ src/core/txn_run.c:txn_confirm: TXN_PENDING < RECORD_CONFIRM */
		RECORD_CONFIRM();
		if :: ok :: else -> goto done fi;
#ifdef MUTANT_DISARM_AT_CONFIRM
		disarm();
#endif
		d_step { busy = 0; holder = 0 };
		told = 1;
		/* @ src/cmd/confirm.c:finish: "start" < txn_refresh < TXN_ENDED < recover_run */
		if
		:: job = 1
		:: confirm_waits = 1 /* PID 1 did not take the job */
		fi;
		goto done;

find: /* @ src/core/recover.c:recover_run: find < tidy < why_undo < lock_or_break < act < os_unlock */
		/* @ src/cmd/recover.c:settle: RECOVER_SETTLE < FAILED_WAIT_MS */
		atomic { if :: _pid == OTHER -> other = 0; over = (over -> 2 : 0) :: else fi };
		if
		:: second -> goto done
		:: !second && (fc & F_ACTIVE) && IS_DUE(st, mode) -> goto act
		:: !second && (fc & F_ACTIVE) && !IS_DUE(st, mode) -> goto done
		:: else
		fi;
		/* @ src/core/recover.c:tidy: RECOVER_BOOT < txn_lock < tidy_locked < os_unlock */
		/* @ src/core/recover.c:tidy_locked: txn_active < deadman_disarm < txn_tidy */
		if :: mode == EARLY -> goto done :: else fi;
		disarm();
		/* @ src/core/txn.c:txn_tidy: txn_discard < TXN_ENDED < txn_clear < TXN_PREPARED < txn_discard */
		if
		:: st == ENDED && (fc & F_PROGRAM) -> clear()
		:: st < APPLYING && (fc & (F_PROGRAM | F_LOG)) -> discard()
		:: else
		fi;
		if :: over || _pid != OTHER -> goto done :: else fi;
		/* Then the other one prepares: as above, with layers of its own. */
		d_step { busy = 0; holder = 0 };
		if
		:: d_step { FREE -> holder = _pid; assert(busy == 0); busy = _pid }
		:: STUCK -> goto done
		fi;
		if
#ifndef MUTANT_ACTIVE_NOT_ASKED
		:: fc & F_ACTIVE
#endif
		:: else -> assert(!(fc & F_ACTIVE)); second = 1
		fi;
		goto done;

act: /* @ src/core/recover.c:act: txn_refresh < TXN_ENDED < clear < TXN_CONFIRMED < finish < why_undo < undo */
		if
		:: st == GONE -> goto done
		:: st == ENDED -> goto clear_up
		:: st == CONFIRMED && mode != EARLY && mode != NOW -> goto finish
		:: st == CONFIRMED && (mode == EARLY || mode == NOW) -> goto done
		:: else
		fi;

undo: /* @ src/core/recover.c:undo: TXN_PREPARED < is_others < deadman_disarm < txn_discard < txn_undo */
		assert(!told && !forward);
		assert(CAUSE);
		if
		:: st == PREPARED ->
			if
#ifndef MUTANT_DISCARDS_OTHERS
			:: second
#endif
			:: else -> disarm()
			fi;
			discard();
			goto done
		:: else
		fi;
		/* @ src/core/txn_run.c:txn_undo: TXN_CONFIRMED < TXN_ENDED < RECORD_UNDO_INTENT < undo_all < end */
		if
		:: st == UNDOING
		:: else -> record(J_UNDO); if :: ok :: else -> goto wait fi
		fi;
#ifdef MUTANT_DISARM_EARLY
		disarm();
#endif
		/* @ src/core/txn_run.c:undo_all: count < closed < PHASE_ADD < break < undo_step */
		do
		:: i < 3 ->
			bad = 0;
#ifdef MUTANT_UNDO_FORWARDS
			undo_step(i);
#else
			undo_step(2 - i);
#endif
			i++;
			fails = fails || bad
#ifndef MUTANT_NEW_DOOR_GOES_FIRST
			;
			if :: fails && i == 2 -> break :: else fi
#endif
		:: else -> break
		od;
		bad = 0;
#ifndef MUTANT_END_THOUGH_NOT_BACK
		if :: fails -> goto wait :: else fi;
#endif
		if :: mode == EARLY -> goto done :: else fi;
		/* @ src/core/txn_run.c:end: RECORD_END < txn_clear */
		record(J_END);
		if :: ok -> goto clear_up :: else -> goto wait fi;

finish: /* @ src/core/txn_run.c:txn_finish: TXN_ENDED < journal_settle < PHASE_FINISH < RECORD_DONE < run_finish_step < fall_back < end */
#ifndef MUTANT_ACTS_ON_UNSYNCED
		/* What one that was killed, or whose fsync failed, has written is written again first. */
		/* @ src/core/journal.c:journal_settle: os_get < os_write_at */
		atomic { jl = 0; jd = jc };
#endif
		if
		:: proof && !(jc & J_DONE) ->
			run_step(2);
			if
			:: bad -> /* @ src/core/txn_run.c:fall_back: undo_step < remark_on */
				bad = 0;
				fell_back = 1;
				undo_step(2)
			:: else
			fi
		:: else
		fi;
		bad = 0;
		record(J_END);
		if :: ok -> goto clear_up :: else -> goto wait fi;

clear_up: /* @ src/core/recover.c:clear: is_others < txn_clear */
		if
#ifndef MUTANT_CLEARS_OTHERS
		:: second
#endif
		:: else -> clear()
		fi;
		goto done;

wait: /* Who watches looks again: it failed, or there is something to wait for. */
		again = 1;
done:
		skip
	}
	unless { victim == _pid };
	d_step {
		if :: busy == _pid -> busy = 0 :: else fi;
		if :: holder == _pid -> holder = 0 :: else fi;
		if
		/* Restart=always, but not after exit 64: @ src/cmd/recover.c:sentinel: watch < 64 */
		:: _pid == L1 && victim != _pid && !again -> l1_on = 0
		:: _pid == L0 && victim != _pid && again -> l0_watches = 1
		:: _pid == L0 && (victim == _pid || !again) -> l0_alive = 0; l0_watches = 0; l0_started = 0
		:: _pid == L2 && (victim == _pid || !again) -> l2_on = 0; job = 0
		:: _pid == APPLY && victim == _pid -> follows = 0
		:: _pid == CONFIRMS && (victim == _pid || (!again && STATE == ENDED)) -> confirm_waits = 0
		:: _pid == BOOT && stage == STAGE_L3 ->
			stage = STAGE_SSHD;
			l3_failed = l3_failed || victim == _pid || again
#ifdef MUTANT_SETTLE_NOT_RESTARTED
		:: _pid == BOOT && stage == STAGE_SETTLE && (victim == _pid || !again) -> stage = 0
#else
		:: _pid == BOOT && stage == STAGE_SETTLE && victim != _pid && !again -> stage = 0
#endif
		:: else
		fi;
		awake = awake & ~ME;
		st = 0; mode = 0; i = 0; bad = 0; ok = 0; fails = 0; again = 0;
		if :: victim == _pid -> victim = (off -> LOWEST : 0) :: else fi
	};
	goto end_idle
}

#define QUIET	(victim == 0 && !off)
#define FAULT	(victim == 0 && !off && faults > 0)
#define KILL(p) d_step { FAULT && (awake & (1 << p)) -> \
		faults--; victim = p; if :: frozen == p -> frozen = 0 :: else fi }
/* One that is stopped and does not hold the lock is one layer less: as if killed, and no worse. */
#define STOP(p)	 d_step { FAULT && frozen == 0 && holder == p && (awake & (1 << p)) -> faults--; frozen = p }
/* A layer that is stopped for ever is the only fault: two of them dead and the third stopped, only a boot helps. */
#define STOP_LAYER(p) d_step { faults == FAULTS && FAULT && frozen == 0 && holder == p && (awake & (1 << p)) -> faults = 0; frozen = p }

/* What was written and not synced is on the disk or not, each bit for itself. */
inline lose(cached, disk, last)
{
	i = 1;
	do
	:: i <= last ->
		if
		:: (cached ^ disk) & i ->
			if
			:: disk = disk | i
			:: disk = disk & ~i
			fi
		:: else
		fi;
		i = i << 1
	:: else -> break
	od;
	cached = disk
}

init
{
	short i, before;

	atomic {
		if
		:: moves = 1
		:: skip
		:: moves = 1; proof = 0
		fi;
		i = COMES;
		if
		:: i == 8 ->
			if
			:: i = 3
			:: i = 5
			:: i = 6
			fi
		:: else
		fi;
		if :: (i & 1) -> confirms = 1 :: skip fi;
		if :: (i & 2) -> undoes = 1 :: skip fi;
		if :: (i & 4) -> other = 1 :: skip fi;
		i = 0;
		run kannuki(); run kannuki(); run kannuki(); run kannuki();
		run kannuki(); run kannuki(); run kannuki(); run kannuki()
	};
	do
	:: d_step { QUIET && (jc & J_PENDING) && !expired && !(fc & F_ENDED) -> expired = 1 }
	:: d_step { QUIET && (jc & J_BEGIN) && !(jc & J_PENDING) && !limit && !(fc & F_ENDED) -> limit = 1 }

	/* Processes die while they work, or are stopped and perhaps go on. */
	:: KILL(1) :: KILL(2) :: KILL(3) :: KILL(4) :: KILL(5) :: KILL(6) :: KILL(7) :: KILL(8)
	:: STOP(1) :: STOP_LAYER(2) :: STOP_LAYER(3) :: STOP_LAYER(4) :: STOP(5) :: STOP(6) :: STOP(7) :: STOP(8)
	:: d_step { QUIET && frozen != 0 && !forever && frozen != BOOT -> frozen = 0 }
	:: d_step { QUIET && frozen != 0 && !forever && frozen != BOOT -> forever = 1 }
	:: d_step { QUIET && frozen == BOOT -> victim = BOOT; frozen = 0 } /* TimeoutStartSec= */
	/* Killed while they wait. */
	:: d_step { FAULT && l0_alive && !(awake & (1 << L0)) -> faults--; l0_alive = 0; l0_started = 0; l0_watches = 0 }
	:: d_step { FAULT && (l2_on || job) && !(awake & (1 << L2)) -> faults--; l2_on = 0; job = 0 }
	/* `systemctl start multi-user.target` in the middle of a boot */
	:: d_step { FAULT && stage == 0 && (fc & F_SETTLE) && l1_on -> faults--; stage = STAGE_SETTLE }

	/* The power goes, and comes back. */
	:: d_step {
		FAULT && !applies ->
		faults--; off = 1; frozen = 0; forever = 0; stage = 0; follows = 0; confirm_waits = 0;
		l0_started = 0; l0_alive = 0; l0_watches = 0; l1_on = 0; l2_on = 0; job = 0;
		victim = LOWEST
	}
	:: atomic {
		off && victim == 0 ->
		if
		:: lose(jc, jd, J_UNDONE(2)); lose(fc, fd, F_STEP(2)); same_boot = 0
		:: jd = jc; fd = fc /* a soft reboot: nothing is lost, boot_id stays */
		fi;
		i = 0; jl = 0; off = 0; booted = 1; l3_failed = 0; second = 0; stage = STAGE_L3
	}
	:: d_step { QUIET && stage == STAGE_L3 && !((fc & F_L3) && (fc & F_PROGRAM)) -> stage = STAGE_SSHD }
	:: d_step {
		QUIET && stage == STAGE_SSHD ->
		live = (fc >> 9) & 7;
		assert(l3_failed || OLD_OPEN || (jc & J_CONFIRM) || (fc & F_ENDED));
		assert(OLD_OPEN || NEW_OPEN);
		stage = ((fc & F_SETTLE) && (fc & F_PROGRAM) -> STAGE_SETTLE : 0)
	}

	/* Nothing moves any more. */
	:: timeout ->
		if
		:: over == 0 ->
			assert((awake & ~(1 << frozen)) == 0); /* each has ended */
			assert((!l0_watches || frozen == L0) && (!l1_on || frozen == L1) && (!confirm_waits || STATE == ENDED || frozen == CONFIRMS));
			assert(OLD || NEW);
			assert(!(told || forward) || NEW);
			assert(fell_back || (fc & F_STEPS) == (fd & F_STEPS));
			before = (fc & F_STEPS) | live;
			d_step { over = 1; faults = 0; applies = 0; confirms = 0; undoes = 0; victim = frozen; frozen = 0 }
		:: over > 0 ->
			/* One more `recover` changes nothing; and what was left over is gone. */
			assert(over == 2 && awake == 0 && holder == 0);
			assert(before == ((fc & F_STEPS) | live));
			assert(second || !(fc & (F_ACTIVE | F_LAYERS | F_PROGRAM)));
			break
		fi
	od
}
