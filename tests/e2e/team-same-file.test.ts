import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OverlapsAnswer } from '../../core/api.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import { cleanEnvironment, start, until } from '../support/cli.ts'
import { createTeam, Laptop, startBootstrap, untilMeshed } from '../support/team.ts'
import { untilSame } from '../support/team-checks.ts'

const PERSON = {
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
}

function git(directory: string, ...args: string[]): void {
  execFileSync('git', args, { cwd: directory, env: cleanEnvironment(PERSON), stdio: 'ignore' })
}

/** A repository with one file, unlike any other. */
function repository(path: string): string {
  mkdirSync(join(path, 'src'), { recursive: true })
  git(path, 'init')
  writeFileSync(join(path, 'src', 'kettle.ts'), path)
  git(path, 'add', '.')
  git(path, 'commit', '-m', 'kettle')
  return path
}

test('one file in a clone and a worktree of another brings two people together, its like elsewhere nobody', async () => {
  const network = await startBootstrap()
  const [ada, bruno, chiyo] = ['Ada', 'Bruno', 'Chiyo'].map((name) => new Laptop(name, network)) as [
    Laptop,
    Laptop,
    Laptop,
  ]
  const original = repository(join(ada.directory, 'tea'))
  git(bruno.directory, 'clone', original, 'my-tea')
  const worktree = join(bruno.directory, 'brewing')
  git(join(bruno.directory, 'my-tea'), 'worktree', 'add', worktree)
  const unrelated = repository(join(chiyo.directory, 'tea'))
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  await bruno.start('join', teamKey, '--share', 'all', '--name', 'Bruno')
  await chiyo.start('join', teamKey, '--share', 'all', '--name', 'Chiyo')
  const all = [ada, bruno, chiyo]
  await untilMeshed(all)
  const stopping = new AbortController()
  const tail = start(['tail'], ada.variables, stopping.signal)
  const edit = (laptop: Laptop, directory: string) =>
    new ClaudeSession(join(laptop.directory, 'claude'), randomUUID(), directory, Date.now())
      .prompt('brew')
      .tool('Edit', { file_path: join(directory, 'src', 'kettle.ts') }, { content: 'ok' })
  const overlapsAt = async (laptop: Laptop) =>
    (await laptop.node.get<OverlapsAnswer>('/api/overlaps')).overlaps
  edit(ada, original)
  edit(chiyo, unrelated)
  await untilSame(all, 10)
  for (const laptop of all) expect(await overlapsAt(laptop)).toEqual([])

  edit(bruno, worktree)
  for (const laptop of all) {
    const overlaps = await until(
      () => overlapsAt(laptop),
      (list) => list.length > 0,
    )
    expect(overlaps).toMatchObject([{ context: 'kettle.ts', kind: 'team' }])
    const people = overlaps[0]!.sessions.map(({ source }) => source.slice(0, 3)).sort()
    expect(people).toEqual(['ada', 'bru'])
  }
  expect((await ada.run('who')).stdout).toContain('You and Bruno are in the same file: kettle.ts')
  expect((await bruno.run('who')).stdout).toContain('You and Ada are in the same file: kettle.ts')
  const line = 'You and Bruno are in the same file: kettle.ts'
  expect(
    await until(
      async () => tail.stdout(),
      (text) => text.includes(line),
    ),
  ).toContain(line)
  stopping.abort()
  await tail.finished
}, 60_000)
