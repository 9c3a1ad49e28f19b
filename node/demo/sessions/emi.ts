import type { Script } from '../script.ts'
import { bash, done, edit, GPT, prompt, read, say, write } from '../script.ts'

/** Emi wrote the menu on a long flight: her node tells the others when she has landed. */
export const menu: Script = {
  who: 'emi',
  assistant: 'codex',
  repository: 'web-app',
  branch: 'winter-menu',
  title: 'The winter menu, at 11,000 metres',
  model: GPT,
  earlier: { from: 0, until: 0 },
  headStartS: 0,
  turns: [
    [
      prompt(0, 'No network up here. The winter menu needs chai, hojicha and something with orange peel.'),
      say(5, 'Three pots, then. Looking at how the autumn one was made.'),
      read(9, 'src/lib/menu.ts'),
      read(15, 'src/lib/season.ts'),
      edit(24, 'src/lib/menu.ts'),
      write(33, 'src/lib/orange-peel.ts'),
      bash(41, 'npx vitest run menu', 7, 'hojicha is not a season'),
      edit(55, 'src/lib/season.ts'),
      bash(62, 'npx vitest run menu', 6),
      done(74, 'Winter has three pots and starts when the first scarf is seen.'),
    ],
    [
      prompt(0, 'The seat in front has reclined. Smaller menu, please.'),
      read(4, 'src/lib/MenuCard.svelte'),
      edit(11, 'src/lib/MenuCard.svelte'),
      edit(19, 'src/lib/menu.ts'),
      bash(27, 'npx playwright test menu', 14, 'the menu does not fit a tray table'),
      edit(48, 'src/lib/MenuCard.svelte'),
      bash(56, 'npx playwright test menu', 12),
      done(72, 'It fits a tray table, with room for a cup.'),
    ],
    [
      prompt(0, 'And prices in the currency of whoever reads it.'),
      read(5, 'src/lib/price.ts'),
      edit(13, 'src/lib/price.ts'),
      write(22, 'tests/price.test.ts'),
      bash(30, 'npx vitest run price', 6),
      edit(43, 'src/lib/price.ts'),
      bash(51, 'npx vitest run price', 6),
      done(62, 'A cup costs what a cup costs, wherever the plane is.'),
    ],
  ],
}
