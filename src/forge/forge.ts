/**
 * Where pull requests live: the contract. `local` is Sentra itself, whose own rows are the pull request; `github` has a copy that people
 * work with, and whose news Sentra takes in. Everything here may be called again after a crash: each call looks before it does.
 * A forge knows git and the network; it knows no tasks, runs or database.
 */
import type { SeenPull, Verdict } from '#src/domain/forge.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Failure } from '#src/errors.ts';
import type { GitCredential } from '#src/git/credentials.ts';
import type { Repository } from '#src/git/repository.ts';

/** A pull request as Sentra wants it to be. `text` carries the mark by which it is known again (body.ts). */
export type WantedPull = {
  title: string;
  text: string;
  headBranch: string;
  baseBranch: string;
  /** An earlier one of the branch, which may be closed by now. */
  earlier?: number | null;
};
/** `isNew`: nobody has to bring it up to date. */
/** `refused`: labels and reviewers of sentra.json that the forge does not take, and why, for people. */
export type OpenedPull = { number: number; url: string; isNew: boolean; refused?: string[] };

/** What was tested and is to be on the base: `to` stands on `from`. */
export type Landing = {
  baseBranch: string;
  from: string;
  to: string;
  tree: string;
  /** For the branch's own log. */
  what: string;
  style: 'merge' | 'squash' | 'rebase';
  /** Those that it brings. */
  pulls: readonly { number: number | null; headCommit: string /** Of its commit. */; message: string }[];
};

export type Landed =
  /** `commit`: where the base is now. `note`: what a person should know of it. */
  | { outcome: 'landed'; commit: string; checkout: 'updated' | 'not_checked_out' | 'behind'; note?: string }
  /** It is elsewhere by now: compose and test again. */
  | { outcome: 'base_moved' }
  /** A person must make way first. */
  | { outcome: 'checkout_in_the_way'; message: string; paths: string[] }
  /** Not now: a rule, a limit, a forge that does not answer. Nothing was changed. */
  | { outcome: 'waits'; failure: Failure };

/** What a person decided in Sentra. `key`: by it the forge's copy is known again. */
export type Spoken = { key: string; verdict: Verdict; commit: string; comments: readonly NewComment[] };

export type Forge = {
  readonly kind: 'local' | 'github';
  /** How its remote is reached; undefined: as the person who runs Sentra would. */
  credential(): Promise<GitCredential | undefined>;
  /** The commit that the next merge goes on top of. Throws `not_found` without such a branch. */
  tip(baseBranch: string): Promise<string>;
  /** Opens a pull request, the earlier one where that can be, or finds the open one of that branch: never two. Null where Sentra's own row is all there is. */
  open(pull: WantedPull): Promise<OpenedPull | null>;
  update(number: number, pull: WantedPull): Promise<void>;
  /** What people and checks have done there; null where they do it here. */
  read(number: number, baseBranch: string): Promise<SeenPull | null>;
  /** Says it there, once however often it is asked; as a comment where nobody may review what they opened. */
  review(number: number, said: Spoken): Promise<'review' | 'comment'>;
  /** What a failing check says, or the end of what it wrote; empty where it cannot be had. */
  readLog(check: SeenPull['checks'][number]): Promise<string>;
  /** True when the branch there is the same commit or stands on it. */
  isAhead(branchName: string, commit: string): Promise<boolean>;
  /** True where rules of the forge guard the base: then it merges one pull request at a time, by itself. */
  mergesAlone(baseBranch: string): Promise<boolean>;
  land(landing: Landing): Promise<Landed>;
  /** After the base stands on it: tells the rest of the world. What a person should know, or null. */
  publish(landed: Pick<Landing, 'baseBranch' | 'to' | 'pulls'>): Promise<string | null>;
  /** Says why, then closes. One that is closed stays so. */
  close(number: number, why: string): Promise<void>;
  /** Takes it off the remote if it is still on `commit`. Why it stays, or null. */
  deleteBranch(branchName: string, commit: string): Promise<string | null>;
};

export type ForgeProject = Repository & { remote: string | null };
