/** The results of all jobs, in their order. */
export const runAll = (jobs) => Promise.all(jobs.map((job) => job()));

/** Runs a job until it ends well, at most `times` times. */
export async function retry(job, times) {
  for (let tried = 0; tried <= times; tried++) {
    try {
      return await job();
    } catch {
      // the next one may do
    }
  }
  throw new Error(`It failed ${times} times.`);
}
