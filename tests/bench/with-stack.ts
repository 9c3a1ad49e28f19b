import type { Stack, StackOptions } from '../stack/stack.ts'
import needsStack from '../support/needs-stack.ts'

/** Works with a stack of real servers, which is installed where it is missing and stopped afterwards. */
export async function withStack<T>(options: StackOptions, work: (stack: Stack) => Promise<T>): Promise<T> {
  needsStack()
  // What it imports may have been installed only now.
  const { Stack } = await import('../stack/stack.ts')
  const stack = await Stack.start(options)
  try {
    return await work(stack)
  } finally {
    await stack.stop()
  }
}
