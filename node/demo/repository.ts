import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { deflateSync } from 'node:zlib'

/**
 * Makes a git repository with one empty commit, the same wherever a repository of that name is made: so two of them are
 * clones of each other. Written by hand, as git would follow the hooks, templates and signing keys of whoever runs the
 * demo.
 */
export async function makeRepository(directory: string, name: string): Promise<void> {
  const git = join(directory, '.git')
  const tree = await writeObject(git, 'tree', '')
  const who = 'Harbour Tea <kettle@harbour.example> 1546300800 +0000'
  const commit = await writeObject(
    git,
    'commit',
    `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\n${name}: put the kettle on\n`,
  )
  const origin = `[remote "origin"]\n\turl = https://git.harbour.example/${name}.git\n`
  const files = {
    HEAD: 'ref: refs/heads/main\n',
    config: `[core]\n\trepositoryformatversion = 0\n\tbare = false\n${origin}`,
    'refs/heads/main': `${commit}\n`,
  }
  for (const [path, text] of Object.entries(files)) await writeIn(join(git, path), text)
}

/** Writes a loose object as git does; its id. */
async function writeObject(git: string, type: 'tree' | 'commit', text: string): Promise<string> {
  const bytes = Buffer.from(`${type} ${Buffer.byteLength(text)}\0${text}`)
  const id = createHash('sha1').update(bytes).digest('hex')
  await writeIn(join(git, 'objects', id.slice(0, 2), id.slice(2)), deflateSync(bytes))
  return id
}

async function writeIn(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}
