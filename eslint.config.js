import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import { globalIgnores } from 'eslint/config'
import ts from 'typescript-eslint'

/** Which of our folders a folder may import besides itself and `core`. The files of `node` itself join its folders. */
const MAY_IMPORT = {
  core: [],
  ui: ['core'],
  archive: ['core'],
  'node/home': ['core'],
  'node/sources': ['core'],
  'node/log': ['core'],
  'node/index': ['core'],
  'node/api': ['core'],
  'node/archive': ['core'],
  'node/mesh': ['core'],
  'node/team': ['core'],
  'node/demo': ['core'],
  'node/hooks': ['core'],
}
const FOLDERS = [...Object.keys(MAY_IMPORT), 'node/cli', 'node/notify', 'tests']
/** The files of `node` itself that its folders may import; the others join the folders. */
const SHARED = ['sqlite', 'sqlite-file', 'system-timers', 'version']

/** Import paths that the files of a folder, `depth` folders below it, may not have. */
function forbidden(folder, depth) {
  const isInNode = folder.startsWith('node/')
  const others = FOLDERS.filter((other) => other !== folder && !MAY_IMPORT[folder].includes(other))
  const up = '\\.\\./'.repeat(depth + 1)
  return [
    ...others.map((other) => `^(\\.\\./)+${isInNode ? other.replace(/^node\//, '(node/)?') : other}/`),
    isInNode ? `^${up}(?!(${SHARED.join('|')})\\.ts$)[^./][^/]*$` : '^(\\.\\./)+node/',
  ]
}

const importRules = Object.entries(MAY_IMPORT).flatMap(([folder, allowed]) => {
  const names = [folder, ...allowed].join(' and ')
  const shared = folder.startsWith('node/') ? ` (and ${SHARED.join(', ')} of node)` : ''
  const message = `${folder} may import only ${names}${shared}; folders meet in the files of node itself.`
  return [0, 1].map((depth) => ({
    files: [`${folder}/${depth === 0 ? '*' : '*/**/*'}.{ts,svelte}`],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: forbidden(folder, depth).map((regex) => ({ regex, message })) },
      ],
    },
  }))
})

export default ts.config(
  globalIgnores(['dist/', 'node_modules/', 'supabase/functions/_shared/core.js']),
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', 'scripts/*.js', 'tests/stack/serve.js'] },
        extraFileExtensions: ['.svelte'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      // What meets an asynchronous interface need not wait for anything itself.
      '@typescript-eslint/require-await': 'off',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      // TypeScript knows the browser's globals.
      'no-undef': 'off',
      // Rows come by the thousand: what is reactive is said one by one.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    files: ['tests/bench/**', 'scripts/**', 'supabase/functions/*/index.ts', 'tests/stack/serve.js'],
    rules: { 'no-console': 'off' },
  },
  { files: ['**/*.js'], extends: [ts.configs.disableTypeChecked] },
  ...importRules,
)
