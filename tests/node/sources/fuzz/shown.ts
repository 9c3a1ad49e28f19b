/** Fields of an event, and the places (see `placesOf`) from which a word shows in them. */
type Places = Readonly<Record<string, readonly string[]>>

const CODEX: Places = {
  agentType: ['payload.agent_role', 'payload.arguments{}.agent_type'],
  context: ['payload.arguments{}.path', 'payload.input~path'],
  model: ['payload.model'],
  project: ['payload.cwd'],
  sessionId: ['payload.id', 'payload.session_id'],
  tool: ['payload.name'],
}

/**
 * What of session files may be seen, all of it, for each format. Everything else in a file, and everything of another
 * shape in these places, stays there.
 */
export const SHOWN: Readonly<Record<string, Places>> = {
  'claude .jsonl': {
    agentType: ['message.content[].input.subagent_type'],
    context: ['file_path', 'notebook_path', 'path'].map((name) => `message.content[].input.${name}`),
    model: ['message.model'],
    project: ['cwd'],
    sessionId: ['sessionId'],
    tool: ['message.content[].name'],
  },
  // Early versions wrote the records without an envelope.
  'codex .jsonl': { ...CODEX, sessionId: [...CODEX.sessionId!, 'id'], tool: [...CODEX.tool!, 'name'] },
  'codex .jsonl.zst': {
    model: CODEX.model!,
    project: CODEX.project!,
    sessionId: ['payload.id'],
    tool: CODEX.tool!,
  },
  'copilot .jsonl': {
    agentType: ['data.agentName'],
    context: ['data.arguments.path', 'data.arguments~path', 'data.toolRequests[].arguments.path'],
    model: ['data.model', 'data.modelMetrics.*', 'data.newModel'],
    project: ['data.context.cwd'],
    sessionId: ['data.sessionId'],
    tool: ['data.toolName', 'data.toolRequests[].name'],
  },
  'droid .jsonl': {
    agentType: ['message.content[].input.subagent_type'],
    context: ['file_path', 'file_path~path', 'path', 'input~path'].map(
      (name) => `message.content[].input.${name}`,
    ),
    model: ['message.modelId'],
    project: ['cwd'],
    sessionId: ['callingSessionId', 'id'],
    tool: ['message.content[].name'],
  },
  'droid .settings.json': { model: ['model'] },
  'gemini .json': {
    context: ['absolute_path', 'file_path', 'path'].map((name) => `messages[].toolCalls[].args.${name}`),
    model: ['messages[].model'],
    sessionId: ['sessionId'],
    tool: ['messages[].toolCalls[].name'],
  },
  'gemini .jsonl': {
    // A call of a subagent's own tool has its name.
    agentType: ['toolCalls[].args.agent_name', 'toolCalls[].name'],
    context: ['toolCalls[].args.file_path'],
    model: ['model'],
    sessionId: ['sessionId'],
    tool: ['toolCalls[].name'],
  },
  'opencode .json': {
    agentType: ['state.input.subagent_type'],
    context: ['state.input.filePath'],
    model: ['modelID'],
    project: ['directory'],
    sessionId: ['sessionID', 'id'],
    tool: ['tool'],
  },
  'opencode .db': {
    agentType: ['data{}.state.input.subagent_type'],
    context: ['data{}.state.input.filePath'],
    model: ['data{}.modelID'],
    project: ['directory'],
    sessionId: ['parent_id', 'session_id'],
    tool: ['data{}.tool'],
  },
  'pi .jsonl': {
    context: ['message.content[].arguments.path'],
    model: ['message.model'],
    project: ['cwd'],
    sessionId: ['id'],
    tool: ['message.content[].name'],
  },
  'qwen .jsonl': {
    agentType: ['message.parts[].functionCall.args.subagent_type'],
    context: ['message.parts[].functionCall.args.file_path'],
    model: ['model', 'systemPayload.uiEvent.model'],
    project: ['cwd'],
    sessionId: ['sessionId', 'forkedFrom.sessionId'],
    tool: ['message.parts[].functionCall.name'],
  },
}
