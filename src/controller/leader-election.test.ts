import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeLeases, type FakeLeaseWay } from '../../test/controller/fake-leases.ts';
import { FakeTime, settle } from '../../test/controller/fake-time.ts';
import { RecordingLogger } from '../process/recording-logger.ts';
import { ELECTION_TIMES, LeaderElection } from './leader-election.ts';
import { Readiness } from './readiness.ts';

const { leaseMs, renewDeadlineMs, retryMs } = ELECTION_TIMES;

/** What a candidate does while it leads: by default, wait for the end. */
type Lead = (signal: AbortSignal) => Promise<void>;

class Candidate implements AsyncDisposable {
  readonly way: FakeLeaseWay;
  readonly readiness = new Readiness();
  leads = false;
  readonly running: Promise<void>;
  readonly #stop = new AbortController();

  constructor(identity: string, leases: FakeLeases, time: FakeTime, lead: Lead = ended) {
    this.way = leases.way();
    const { clock, now, sleep } = time;
    const election = new LeaderElection(
      { identity, ...ELECTION_TIMES },
      { leases: this.way, readiness: this.readiness, logger: new RecordingLogger(), clock, now, sleep },
    );
    this.running = election.run(async (signal) => {
      this.leads = true;
      await lead(signal).finally(() => {
        this.leads = false;
      });
    }, this.#stop.signal);
    this.running.catch(() => undefined);
  }

  stop(): void {
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.running.catch(() => undefined);
  }
}

async function ended(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

test('the first candidate leads, and goes on', async () => {
  const [leases, time] = [new FakeLeases(), new FakeTime()];
  await using first = new Candidate('first', leases, time);
  await settle();
  await using second = new Candidate('second', leases, time);
  await time.pass(10 * leaseMs);
  assert.deepEqual([first.leads, second.leads], [true, false]);
  assert.deepEqual([first.readiness.problems, second.readiness.problems], [[], []]);
  assert.deepEqual([leases.lease?.holder, leases.lease?.transitions], ['first', 0]);
});

test('a leader that is cut off stops before another begins, and that one does when the Lease has run out', async () => {
  const [leases, time] = [new FakeLeases(), new FakeTime()];
  await using first = new Candidate('first', leases, time);
  await settle();
  await using second = new Candidate('second', leases, time);
  await time.pass(leaseMs);
  first.way.isCut = true;
  const history: string[] = [];
  for (let passed = 0; passed < leaseMs + 2 * retryMs; passed += 100) {
    await time.pass(100);
    assert.ok(!(first.leads && second.leads));
    const state = `${first.leads ? 'first' : second.leads ? 'second' : 'nobody'}`;
    if (history.at(-1) !== state) history.push(state);
  }
  assert.deepEqual(history, ['first', 'nobody', 'second']);
  assert.match(first.readiness.problems.join(), /no route to host/);
  assert.equal(leases.lease?.transitions, 1);
});

test('a leader stops within the renew deadline', async () => {
  const [leases, time] = [new FakeLeases(), new FakeTime()];
  await using first = new Candidate('first', leases, time);
  await settle();
  first.way.isCut = true;
  await time.pass(renewDeadlineMs - 1);
  assert.equal(first.leads, true);
  await time.pass(1);
  await settle();
  assert.equal(first.leads, false);
});

test('a leader that stops lets another lead without waiting for the Lease to run out', async () => {
  const [leases, time] = [new FakeLeases(), new FakeTime()];
  await using first = new Candidate('first', leases, time);
  await settle();
  await using second = new Candidate('second', leases, time);
  await settle();
  first.stop();
  await first.running;
  assert.equal(leases.lease?.holder, '');
  await time.pass(1.2 * retryMs);
  await settle();
  assert.equal(second.leads, true);
});

test('a leader that stops while it renews the Lease gives up what that comes to', async () => {
  const [leases, time] = [new FakeLeases(), new FakeTime()];
  await using first = new Candidate('first', leases, time);
  await settle();
  first.way.isLate = true;
  await time.pass(retryMs);
  first.stop();
  await first.running;
  assert.equal(leases.lease?.holder, '');
});

test('a candidate that stops while it takes the Lease gives up what that comes to', async () => {
  const [leases, time] = [new FakeLeases(), new FakeTime()];
  const { lease } = await leaseGivenUp(leases, time);
  await using second = new Candidate('second', leases, time);
  second.way.isLate = true;
  await settle();
  second.stop();
  await second.running;
  assert.equal(second.leads, false);
  assert.deepEqual([leases.lease?.holder, leases.lease?.version === lease?.version], ['', false]);
});

async function leaseGivenUp(leases: FakeLeases, time: FakeTime): Promise<FakeLeases> {
  await using first = new Candidate('first', leases, time);
  await settle();
  first.stop();
  await first.running;
  return leases;
}

test('the Lease is not given up before what is done under it has ended', async () => {
  const [leases, time] = [new FakeLeases(), new FakeTime()];
  const work = Promise.withResolvers<void>();
  await using first = new Candidate('first', leases, time, () => work.promise);
  await settle();
  first.stop();
  await settle();
  assert.equal(leases.lease?.holder, 'first');
  work.resolve();
  await first.running;
  assert.equal(leases.lease?.holder, '');
});

test('a leader that finds another in its Lease stops at once', async () => {
  const [leases, time] = [new FakeLeases(), new FakeTime()];
  await using first = new Candidate('first', leases, time);
  await settle();
  leases.write({ ...leases.lease!, holder: 'administrator' });
  await time.pass(retryMs);
  await settle();
  assert.equal(first.leads, false);
  assert.equal(leases.lease?.holder, 'administrator');
});

test('what fails under the Lease ends the run, and gives the Lease up', async () => {
  const [leases, time] = [new FakeLeases(), new FakeTime()];
  await using first = new Candidate('first', leases, time, async () => {
    throw new Error('a mistake');
  });
  await assert.rejects(first.running, /a mistake/);
  assert.equal(leases.lease?.holder, '');
});
