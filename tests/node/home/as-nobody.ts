/** The user `nobody` of most systems. */
const NOBODY = 65534

/** Does `work` as a user whom file permissions hold back; the superuser passes them all. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work()
  process.seteuid!(NOBODY)
  try {
    return await work()
  } finally {
    process.seteuid!(0)
  }
}
