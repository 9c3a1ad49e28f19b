import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

/** The dashboard: one page of static files, which the node serves from `dist/ui`. */
export default defineConfig({
  root: 'ui',
  base: './',
  plugins: [svelte()],
  build: {
    outDir: '../dist/ui',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // All of them know light-dark(), so that the tokens stay one line each.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
})
