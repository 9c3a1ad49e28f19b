import { type Tokens, tokenSum } from '../../core/events.ts'

/** USD for a million tokens of each kind. What a vendor does not charge for writing to its cache is plain input. */
interface Price {
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
}

/** The day on which the prices were looked up. */
export const PRICES_AS_OF = '2026-10-24'

const price = (input: number, output: number, cacheRead: number, cacheWrite = input): Price => {
  return { input, output, cacheRead, cacheWrite }
}

const OPUS_4 = price(15, 75, 1.5, 18.75)
const OPUS_4_5 = price(5, 25, 0.5, 6.25)
const SONNET_4 = price(3, 15, 0.3, 3.75)
const GPT_5 = price(1.25, 10, 0.125)
const GPT_5_2 = price(1.75, 14, 0.175)

/**
 * List prices of the vendors' own interfaces: platform.claude.com/docs/en/about-claude/pricing (writes that the cache
 * keeps for 5 minutes), developers.openai.com/api/docs/pricing and ai.google.dev/gemini-api/docs/pricing. Where long
 * prompts cost more it is the price up to 200,000 tokens or beyond; models whose price changes below that, or by date,
 * are left out.
 */
const PRICES: Readonly<Record<string, Price>> = {
  'claude-fable-5-1': price(10, 50, 0.25, 12.5),
  'claude-fable-5': price(10, 50, 1, 12.5),
  'claude-opus-5-5': price(4, 20, 0.2, 5),
  'claude-opus-5': OPUS_4_5,
  'claude-opus-4-8': OPUS_4_5,
  'claude-opus-4-7': OPUS_4_5,
  'claude-opus-4-6': OPUS_4_5,
  'claude-opus-4-5': OPUS_4_5,
  'claude-opus-4-1': OPUS_4,
  'claude-opus-4': OPUS_4,
  'claude-sonnet-5-5': price(2, 10, 0.1, 2.5),
  'claude-sonnet-5': price(2, 10, 0.2, 2.5),
  'claude-sonnet-4-6': SONNET_4,
  'claude-sonnet-4-5': SONNET_4,
  'claude-sonnet-4': SONNET_4,
  'claude-3-7-sonnet': SONNET_4,
  'claude-haiku-4-5': price(1, 5, 0.1, 1.25),
  'claude-3-5-haiku': price(0.8, 4, 0.08, 1),
  'gpt-6-sol': price(2, 10, 0.2, 2.5),
  'gpt-6-luna': price(0.1, 0.5, 0.01, 0.125),
  'gpt-5.5': price(5, 30, 0.5),
  'gpt-5.4': price(2.5, 15, 0.25),
  'gpt-5.4-mini': price(0.75, 4.5, 0.075),
  'gpt-5.3-codex': GPT_5_2,
  'gpt-5.2-codex': GPT_5_2,
  'gpt-5.2': GPT_5_2,
  'gpt-5.1-codex-max': GPT_5,
  'gpt-5.1-codex': GPT_5,
  'gpt-5.1': GPT_5,
  'gpt-5-codex': GPT_5,
  'gpt-5': GPT_5,
  'gpt-5-mini': price(0.25, 2, 0.025),
  'gemini-3.5-flash': price(1.5, 9, 0.15),
  'gemini-3.1-pro-preview': price(2, 12, 0.2),
  'gemini-3-flash-preview': price(0.5, 3, 0.05),
  'gemini-2.5-pro': price(1.25, 10, 0.125),
  'gemini-2.5-flash': price(0.3, 2.5, 0.03),
  'gemini-2.5-flash-lite': price(0.1, 0.4, 0.01),
}

/** `-20251101` and `-2025-11-01`: a vendor's dated edition of a model. */
const DATED = /-20\d\d-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])$/

/** What tokens of a model cost in USD at list prices; null where its price is not known. */
export function costOf(model: string, tokens: Tokens): number | null {
  const name = Object.hasOwn(PRICES, model) ? model : model.replace(DATED, '')
  if (!Object.hasOwn(PRICES, name)) return null
  const each = PRICES[name]!
  const millionths =
    tokens.input * each.input +
    tokens.output * each.output +
    tokens.cacheRead * each.cacheRead +
    tokens.cacheWrite * each.cacheWrite
  return millionths / 1e6
}

/** What was used at list prices, as far as that is known. */
export interface Cost {
  /** null where no part of it is known. */
  usd: number | null
  /** Models whose prices are not known; their tokens are not in it. */
  unknown: readonly string[]
}

/** The cost of tokens of several models. Responses that used no tokens cost nothing, whatever their model. */
export function costOfAll(models: readonly { model: string; tokens: Tokens }[]): Cost {
  let usd: number | null = models.length === 0 ? 0 : null
  const unknown: string[] = []
  for (const { model, tokens } of models) {
    const cost = tokenSum(tokens) > 0 ? costOf(model, tokens) : 0
    if (cost === null) unknown.push(model)
    else usd = (usd ?? 0) + cost
  }
  return { usd, unknown }
}
