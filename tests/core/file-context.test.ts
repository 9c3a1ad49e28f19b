import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { baseNameOf, isAllowedExtension, isWithoutContext, pathWithin } from '../../core/file-context.ts'
import { isBaseName } from '../../core/shapes.ts'
import { SEED } from './support.ts'

describe('no file is named for a tool that', () => {
  test.each([
    [
      'runs a command',
      'Bash BashOutput KillShell KillBash PowerShell bash write_bash shell shell_command local_shell',
    ],
    [
      'runs a command in Codex',
      'exec_command unified_exec container.exec functions.exec_command write_stdin',
    ],
    [
      'runs a command elsewhere',
      'run_shell_command run_command run_in_terminal Execute execute runCommand js_repl',
    ],
    [
      'searches',
      'Grep Glob grep_search search_file_content codebase_search file_search rg find ToolSearch tool_search_call',
    ],
    [
      'searches the web',
      'WebSearch WebFetch websearch webfetch codesearch web_search_call google_web_search web_fetch FetchUrl',
    ],
    ['lists a folder', 'LS ls list list_dir list_directory read_directory'],
    ['starts an agent', 'Task Agent Skill skill task TaskOutput'],
    ['asks a database', 'sql query mcp__postgres__query'],
    [
      'is wrapped',
      'mcp__shell__run mcp__x__bash mcp__files__search_files mcp__web__WebFetch server__grep server-shell server_exec',
    ],
    ['is not quite named so', 'BASH bash2 Bash<|tool|> functions.Bash Grep\n mcp__a__b__Glob'],
  ])('%s', (_, names) => {
    for (const name of names.split(' ')) expect([name, isWithoutContext(name)]).toEqual([name, true])
  })
})

test('the file is named for a tool that reads or changes one', () => {
  const names =
    'Read Write Edit MultiEdit NotebookEdit read_file write_file read_many_files replace edit view create apply_patch ' +
    'ApplyPatch str_replace_editor str_replace_based_edit_tool view_image read write patch Create LSP ' +
    'mcp__filesystem__read_text_file mcp__desktop-commander__edit_block'
  for (const name of names.split(' ')) expect([name, isWithoutContext(name)]).toEqual([name, false])
})

describe('of a path its base name is shown', () => {
  test.each([
    ['/home/anna/share/src/invite.ts', 'invite.ts'],
    ['src/invite.ts', 'invite.ts'],
    ['invite.ts', 'invite.ts'],
    ['/home/anna/My Project/invite.ts', 'invite.ts'],
    ['C:\\Users\\anna\\share\\invite.ts', 'invite.ts'],
    ['c:/Users/anna/My Project/invite.ts', 'invite.ts'],
    ['\\\\server\\share\\invite.ts', 'invite.ts'],
    ['/home/andré/invite.ts', 'invite.ts'],
    ['src/[id]/+page@app.svelte', '+page@app.svelte'],
    ['/home/anna/.env', '.env'],
  ])('%j', (path, name) => expect(baseNameOf(path)).toBe(name))
})

describe('nothing is shown of', () => {
  test.each([
    ['an address', 'https://example.com/reset/token.html'],
    ['an address with a user', 'git+ssh://git@example.com/share.git'],
    ['an address without slashes', 'mailto:anna@example.com'],
    ['data', 'data:text/plain;base64,aGVsbG8/d29ybGQ'],
    ['a host and port', 'localhost:3000/index.html'],
    ['two lines', '/src/a.ts\n/src/b.ts'],
    ['a carriage return', '/src/a.ts\r'],
    ['a line separator', '/src/\u2028a.ts'],
    ['a null character', '/src/\0/a.ts'],
    ['a sentence', 'please read the file at src/invite.ts'],
    ['a name with a space', '/home/anna/my plan.md'],
    ['a folder', '/home/anna/share/'],
    ['a folder of Windows', 'C:\\share\\'],
    ['the folder above', '/home/anna/..'],
    ['the folder itself', 'src/.'],
    ['nothing', ''],
    ['a question', '/search?q=secret'],
    ['a key for a name', '/tmp/ghp16C7e42F292c6912E7710c838347Ae178B4a'],
    ['other scripts', '/home/anna/茶.md'],
    ['an endless path', '/a'.repeat(3000)],
  ])('%s', (_, path) => expect(baseNameOf(path)).toBeNull())

  test(`any text beside a valid base name [seed ${SEED}]`, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const name = baseNameOf(text)
        expect(name === null || (isBaseName(name) && text.endsWith(name))).toBe(true)
      }),
    )
  })
})

test('a list of extensions hides all others', () => {
  const list = new Set(['ts', 'rs'])
  for (const name of ['a.ts', 'a.TS', 'a.test.ts', 'a.rs']) expect(isAllowedExtension(list, name)).toBe(true)
  for (const name of ['a.js', 'a.tsx', 'ts', 'Makefile', '.env', 'a.', 'a.ts.bak']) {
    expect(isAllowedExtension(list, name)).toBe(false)
    expect(isAllowedExtension(null, name)).toBe(true)
  }
})

describe('within the work tree', () => {
  test.each([
    ['/r', '/r', '/r/src/a.ts', 'src/a.ts'],
    ['/r/', '/r', '/r//src/./a.ts', 'src/a.ts'],
    ['/r', '/r', '/r/lib/../src/a.ts', 'src/a.ts'],
    ['/r', '/r', '/x/../r/a.ts', 'a.ts'],
    ['/r', '/r', 'src/a.ts', 'src/a.ts'],
    ['/r', '/r/packages/a', 'src/a.ts', 'packages/a/src/a.ts'],
    ['/r', '/r/packages/a', '../b/x.ts', 'packages/b/x.ts'],
    ['/', '/', '/etc/hosts', 'etc/hosts'],
    ['C:\\r', 'C:\\r', 'C:\\r\\src\\a.ts', 'src/a.ts'],
    ['C:\\Users\\R', 'C:\\Users\\R', 'c:\\users\\r\\Src\\A.ts', 'Src/A.ts'],
    ['C:/r', 'C:/r/sub', 'a.ts', 'sub/a.ts'],
    ['/r', '/r', '/r/cafe\u0301/a.ts', 'caf\u00e9/a.ts'],
  ])('%s, in %s, %s is %s', (root, directory, path, relative) =>
    expect(pathWithin(root, directory, path)).toBe(relative),
  )
  test.each([
    ['/r', '/r', '/r'],
    ['/r', '/r', '/r/..'],
    ['/r', '/r', '/r/../x.ts'],
    ['/r', '/r', '../x.ts'],
    ['/r', '/r/a', '../../x.ts'],
    ['/r', '/r', '/r2/x.ts'],
    ['/r', '/r', '/R/x.ts'],
    ['/r', '/r', '/../../x.ts'],
    ['/r', '/x', 'a.ts'],
    ['C:\\r', 'C:\\r', 'D:\\r\\a.ts'],
    ['/r', '/r', 'C:\\r\\a.ts'],
    ['r', 'r', 'a.ts'],
  ])('%s, in %s, %s is not', (root, directory, path) => expect(pathWithin(root, directory, path)).toBeNull())
})
