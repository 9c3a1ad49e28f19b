/**
 * The preset dictionary of small blocks: what events repeat, the most frequent last. It is part of the block format
 * (flag 2): never change it, add another with a flag of its own.
 */
export const DICTIONARY: Uint8Array = new TextEncoder().encode(
  [
    '"category":"network"auth"api"other"overloaded"rate-limit"}}]',
    '"summary":"Session ended","totals":{"prompts":0,"tools":0,"failures":0,"errors":0,"tokens":{"input":0,"output":0,"cacheRead":0,"cacheWrite":0},"durationMs":0}}}]',
    '"agentId":"","agentType":"general-purpose"Explore"Plan","state":"finished"}}]"state":"started"}}]',
    '"action":"resumed"}}]"action":"ended"}}]"action":"started"}}]',
    '"kind":"compaction"}}]"kind":"waiting","reason":"unknown"question"permission"}}]"kind":"waiting","reason":"turn"}}]',
    '"assistant":"droid","assistant":"pi","assistant":"qwen","assistant":"copilot","assistant":"opencode","assistant":"gemini","assistant":"codex",',
    '"tool":"mcp__NotebookEdit"TodoWrite"WebFetch"WebSearch"Glob"Grep"Write"Task"exec_command"shell"apply_patch"run_shell_command"write_file"read_file"Edit"Read"',
    '"status":"unknown"}}]"status":"failed"}}]"status":"completed","durationMs":',
    '.html.css.sh.yml.toml.swift.kt.java.rb.js.json.md.py.rs.go.tsx.svelte.ts","fileTag":"',
    '"kind":"response","model":"gpt-5-codex"gemini-3-pro-preview"claude-opus-4-5-20251101"claude-haiku-4-5-20251001"claude-sonnet-4-5-20250929","tokens":{"input":0,"output":1,"cacheRead":0,"cacheWrite":0}}}]',
    '","eventType":"error","payload":{"sessionId":"","eventType":"summary","payload":{"sessionId":"","eventType":"agent","payload":{"sessionId":"","eventType":"session","payload":{"sessionId":"',
    'Z","eventType":"activity","payload":{"sessionId":"","project":"","projectTag":"","assistant":"claude","kind":"prompt"}},',
    '[{"id":"evt_","source":"-","timestamp":"2026-11-20T00:00:00.000Z","eventType":"tool","payload":{"sessionId":"-4-8-","project":"","projectTag":"","assistant":"claude","tool":"Bash","callId":"","status":"completed"}}]","status":"started"}}]","status":"started","context":"',
  ].join(''),
)
