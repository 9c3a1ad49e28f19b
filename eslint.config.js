import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import { globalIgnores } from 'eslint/config'
import ts from 'typescript-eslint'

/** Which of our folders a folder may import besides itself and `core`. Only `node.ts` joins the folders of `node`. */
const MAY_IMPORT = {
  core: [],
  ui: ['core'],
  archive: ['core'],
  'node/home': ['core'],
  'node/sources': ['core'],
  'node/log': ['core'],
  'node/index': ['core'],
  'node/api': ['core'],
}
const FOLDERS = [...Object.keys(MAY_IMPORT), 'node/cli', 'node/mesh', 'node/team', 'node/notify', 'tests']

const importRules = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  files: [`${folder}/**/*.{ts,svelte}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: FOLDERS.filter((other) => other !== folder && !allowed.includes(other)).map((other) => ({
          regex: `^(\\.\\./)+${folder.startsWith('node/') ? other.replace(/^node\//, '(node/)?') : other}/`,
          message: `${folder} may import only itself${allowed.map((name) => ` and ${name}`).join('')}; folders meet in node/node.ts.`,
        })),
      },
    ],
  },
}))

export default ts.config(
  globalIgnores(['dist/', 'node_modules/', 'supabase/functions/_shared/core.js']),
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', 'scripts/*.js'] },
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
  { files: ['tests/bench/**', 'scripts/**'], rules: { 'no-console': 'off' } },
  { files: ['**/*.js'], extends: [ts.configs.disableTypeChecked] },
  ...importRules,
)
