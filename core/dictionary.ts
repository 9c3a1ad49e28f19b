/**
 * The preset dictionary of small blocks: what events repeat, the most frequent last. It is part of the block format
 * (flag 2): never change it, add another with a flag of its own.
 */
export const DICTIONARY: Uint8Array = new TextEncoder().encode(
  [
    '"category":"rate-limit"overloaded"network"auth"api"other"}',
    '"eventType":"summary","summary":"Session ended","totals":{"prompts":,"tools":,"failures":,"errors":,"tokens":',
    '"agentId":"","agentType":"general-purpose"Explore"Plan","state":"started"finished"}',
    '"eventType":"session","action":"started"resumed"ended"}',
    '"kind":"compaction"waiting","reason":"turn"permission"question"unknown"}',
    '"assistant":"codex"gemini"opencode"copilot"qwen"pi"droid"',
    '.json.md.py.rs.go.tsx.svelte.ts"',
    '"tool":"mcp__TodoWrite"WebFetch"WebSearch"Glob"Grep"Write"Task"Edit"Read"Bash","callId":"',
    '","status":"failed","durationMs":,"context":".ts","fileTag":"',
    '"model":"claude-opus-4-5-20251101"claude-sonnet-4-5-20250929"claude-haiku-4-5-20251001","tokens":{"input":,"output":,"cacheRead":0,"cacheWrite":0}}},',
    '[{"id":"evt_","source":"-","timestamp":"2026-11-T:00.000Z","eventType":"activity","payload":{"sessionId":"',
    '-4-8-a-b","project":"","projectTag":"","assistant":"claude","kind":"response"prompt"}},',
    '{"id":"evt_","timestamp":"2026-T:.Z","eventType":"tool","payload":{"sessionId":"","project":"","assistant":"claude","tool":"Bash","callId":"","status":"completed"started"}}]',
  ].join(''),
)
