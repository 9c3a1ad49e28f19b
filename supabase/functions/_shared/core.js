// Made by `npm run bundle:core` of core: change that, not this.
import * as ed from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { blake2b } from "@noble/hashes/blake2.js";
// core/archive.ts
/** What an archive takes and tells: the contract of its functions `ingest` and `query`. */
/** Events of one call. */
var MAX_INGEST_EVENTS = 1e3;
/** Different certificates of one call. */
var MAX_INGEST_CERTIFICATES = 64;
/** Team records of one call. */
var MAX_INGEST_RECORDS = 64;
/** Bytes of one call's body. A thousand of the largest events fit, with what goes around them. */
var MAX_INGEST_BYTES = 8388608;
var DAY_MS = 864e5;
/** Older events are not taken, and go. */
var ARCHIVE_RETENTION_MS = 30 * DAY_MS;
/** What is ahead of the archive's clock by no more is taken as of now. */
var MAX_AHEAD_MS = DAY_MS;
/** Whole days that `query` tells of. */
var QUERY_DAYS = [7, 30];
var DEFAULT_QUERY_DAYS = 7;
/** The HTTP status of each error: `{error, message}`. */
var ARCHIVE_ERRORS = {
	missing_auth: 401,
	unknown_source: 401,
	invalid_signature: 401,
	invalid_token: 401,
	invalid_request: 400,
	empty_batch: 400,
	batch_too_large: 400,
	invalid_event: 400,
	invalid_days: 400,
	invalid_event_type: 422,
	source_mismatch: 422,
	internal_error: 500
};
// core/shapes.ts
/**
* The privacy rule's shapes: which text may stand in an event at all. Writers make their fields fit, readers refuse
* what does not. Names come from models and proxies and can be any text, so each shape is an allow-list.
*/
var BASE_NAME = /^[A-Za-z0-9._@+()[\]-]{1,80}$/;
var LONG_RUN = /[A-Za-z0-9]{24,}/g;
var TOOL_NAME = /^[A-Za-z0-9_.:-]{1,128}$/;
var MODEL = /^[A-Za-z0-9_.:/@-]{1,128}$/;
var UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
var EVENT_ID = /^evt_[a-z0-9]{20}$/;
var SOURCE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}-[ybndrfg8ejkmcpqxot1uwisza345h769]{6}$/;
var TAG = /^[ybndrfg8ejkmcpqxot1uwisza345h769]{12}$/;
/** A run of 24 or more letters and digits that mixes the two looks like a key or a hash. */
function looksLikeSecret(text) {
	return (text.match(LONG_RUN) ?? []).some((run) => /[0-9]/.test(run) && /[A-Za-z]/.test(run));
}
/** ASCII letters, digits and `._@+()[]-`, 1 to 80, without a run of 24 that mixes letters and digits; not `.` or `..`. */
function isBaseName(value) {
	return typeof value === "string" && BASE_NAME.test(value) && value !== "." && value !== ".." && (value.length < 24 || !looksLikeSecret(value));
}
/** `[A-Za-z0-9_.:-]{1,128}`: tool names and agent types. */
function isToolName(value) {
	return typeof value === "string" && TOOL_NAME.test(value);
}
/** A tool name with `/` and `@` besides. */
function isModel(value) {
	return typeof value === "string" && MODEL.test(value);
}
function isSessionId(value) {
	return typeof value === "string" && UUID.test(value);
}
function isEventId(value) {
	return typeof value === "string" && EVENT_ID.test(value);
}
function isSource(value) {
	return typeof value === "string" && SOURCE.test(value);
}
/** `projectTag`, `fileTag`, `callId` and `agentId`: 12 z-base-32 characters of a keyed hash. */
function isTag(value) {
	return typeof value === "string" && TAG.test(value);
}
// core/events.ts
/**
* The one schema of what VibeTea records and what may leave a machine. Node, page, archive and functions share it.
* These names are in people's logs: do not rename one.
*/
var ASSISTANTS = [
	"claude",
	"codex",
	"gemini",
	"opencode",
	"copilot",
	"qwen",
	"pi",
	"droid"
];
var EVENT_TYPES = [
	"session",
	"activity",
	"tool",
	"agent",
	"summary",
	"error"
];
var SESSION_ACTIONS = [
	"started",
	"resumed",
	"ended"
];
var WAITING_REASONS = [
	"turn",
	"permission",
	"question",
	"unknown"
];
var TOOL_STATUSES = [
	"started",
	"completed",
	"failed",
	"unknown"
];
var AGENT_STATES = ["started", "finished"];
var ERROR_CATEGORIES = [
	"api",
	"rate-limit",
	"overloaded",
	"auth",
	"network",
	"other"
];
var SUMMARY_TEXT = "Session ended";
/** No count of tokens and no duration in milliseconds is larger than this. */
var MAX_COUNT = 0xe8d4a51000;
var isFields = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
/** Whether a value is a whole number from 0 to 10^12; -0 is not one, as it does not survive JSON. */
function isCount(value) {
	return Number.isSafeInteger(value) && !Object.is(value, -0) && Number(value) >= 0 && Number(value) <= MAX_COUNT;
}
var oneOf = (list, value) => list.includes(value);
var TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
/** Whether a value is an RFC 3339 time in UTC that exists: 30 February and 24:00 do not. */
function isTimestamp(value) {
	if (typeof value !== "string" || !TIMESTAMP.test(value)) return false;
	const ms = Date.parse(value);
	if (Number.isNaN(ms)) return false;
	if (value.slice(8, 10) <= "28" && value.slice(11, 13) < "24") return true;
	return new Date(ms).toISOString().startsWith(value.slice(0, 19));
}
function parseTokens(value) {
	if (!isFields(value)) return null;
	const { input, output, cacheRead, cacheWrite } = value;
	if (!isCount(input) || !isCount(output) || !isCount(cacheRead) || !isCount(cacheWrite)) return null;
	return {
		input,
		output,
		cacheRead,
		cacheWrite
	};
}
function parseTotals(value) {
	if (!isFields(value)) return null;
	const { prompts, tools, failures, errors, durationMs, tokens: given } = value;
	const tokens = parseTokens(given);
	if (!isCount(prompts) || !isCount(tools) || !isCount(failures)) return null;
	if (!isCount(errors) || !isCount(durationMs) || !tokens) return null;
	return {
		prompts,
		tools,
		failures,
		errors,
		tokens,
		durationMs
	};
}
/** The common part of a payload, each field checked. */
function parseCommon(value) {
	const { sessionId, project, projectTag, assistant } = value;
	if (!isSessionId(sessionId) || !isBaseName(project) || !oneOf(ASSISTANTS, assistant)) return null;
	if (projectTag === void 0) return {
		sessionId,
		project,
		assistant
	};
	return isTag(projectTag) ? {
		sessionId,
		project,
		projectTag,
		assistant
	} : null;
}
/** A copy that can be added to: adding to one made by a spread takes V8 2 µs, more than all the checks together. */
function copyOf({ sessionId, project, projectTag, assistant }) {
	return projectTag === void 0 ? {
		sessionId,
		project,
		assistant
	} : {
		sessionId,
		project,
		projectTag,
		assistant
	};
}
/** Adds to `common`, as the other types' functions do. */
function parseActivity(common, value) {
	const { kind, reason, model, tokens: given } = value;
	switch (kind) {
		case "prompt": return Object.assign(common, { kind: "prompt" });
		case "compaction": return Object.assign(common, { kind: "compaction" });
		case "waiting": return oneOf(WAITING_REASONS, reason) ? Object.assign(common, {
			kind: "waiting",
			reason
		}) : null;
		case "response": {
			const tokens = parseTokens(given);
			return tokens && isModel(model) ? Object.assign(common, {
				kind: "response",
				model,
				tokens
			}) : null;
		}
		default: return null;
	}
}
function parseTool(common, value) {
	const { tool, callId, status, context, durationMs, fileTag } = value;
	if (!isToolName(tool) || !isTag(callId) || !oneOf(TOOL_STATUSES, status)) return null;
	const payload = Object.assign(common, {
		tool,
		callId,
		status
	});
	if (context !== void 0) {
		if (!isBaseName(context)) return null;
		payload.context = context;
	}
	if (durationMs !== void 0) {
		if (!isCount(durationMs)) return null;
		payload.durationMs = durationMs;
	}
	if (fileTag !== void 0) {
		if (!isTag(fileTag)) return null;
		if (context !== void 0) payload.fileTag = fileTag;
	}
	return payload;
}
function parseAgent(common, value) {
	const { agentId, agentType, state } = value;
	if (!isTag(agentId) || !oneOf(AGENT_STATES, state)) return null;
	if (agentType === void 0) return Object.assign(common, {
		agentId,
		state
	});
	return isToolName(agentType) ? Object.assign(common, {
		agentId,
		agentType,
		state
	}) : null;
}
/**
* Reads an event from untrusted data: copies the known fields, each checked for shape and bounds, into a new object.
* Unknown fields are left behind; an event with a wrong one is `null`. Each field is read once.
*/
function parseEvent(value) {
	if (!isFields(value)) return null;
	const { id, source, timestamp, eventType, payload } = value;
	if (!isEventId(id) || !isSource(source) || !isTimestamp(timestamp) || !isFields(payload)) return null;
	const common = parseCommon(payload);
	return common && parseBody({
		id,
		source,
		timestamp
	}, common, eventType, payload);
}
/**
* The second half of `parseEvent`, for a writer who makes ids and times and has one `common` for a session's events:
* checks what a type of event has beside it.
*/
function parseBody({ id, source, timestamp }, shared, eventType, fields) {
	const common = copyOf(shared);
	switch (eventType) {
		case "session": {
			const { action } = fields;
			return oneOf(SESSION_ACTIONS, action) ? {
				id,
				source,
				timestamp,
				eventType,
				payload: Object.assign(common, { action })
			} : null;
		}
		case "activity": {
			const payload = parseActivity(common, fields);
			return payload && {
				id,
				source,
				timestamp,
				eventType,
				payload
			};
		}
		case "tool": {
			const payload = parseTool(common, fields);
			return payload && {
				id,
				source,
				timestamp,
				eventType,
				payload
			};
		}
		case "agent": {
			const payload = parseAgent(common, fields);
			return payload && {
				id,
				source,
				timestamp,
				eventType,
				payload
			};
		}
		case "summary": {
			const { summary } = fields;
			const totals = parseTotals(fields.totals);
			if (summary !== "Session ended" || !totals) return null;
			return {
				id,
				source,
				timestamp,
				eventType,
				payload: Object.assign(common, {
					summary: SUMMARY_TEXT,
					totals
				})
			};
		}
		case "error": {
			const { category } = fields;
			return oneOf(ERROR_CATEGORIES, category) ? {
				id,
				source,
				timestamp,
				eventType,
				payload: Object.assign(common, { category })
			} : null;
		}
		default: return null;
	}
}
// core/dictionary.ts
/**
* The preset dictionary of small blocks: what events repeat, the most frequent last. It is part of the block format
* (flag 2): never change it, add another with a flag of its own.
*/
var DICTIONARY = new TextEncoder().encode([
	"\"category\":\"network\"auth\"api\"other\"overloaded\"rate-limit\"}}]",
	"\"summary\":\"Session ended\",\"totals\":{\"prompts\":0,\"tools\":0,\"failures\":0,\"errors\":0,\"tokens\":{\"input\":0,\"output\":0,\"cacheRead\":0,\"cacheWrite\":0},\"durationMs\":0}}}]",
	"\"agentId\":\"\",\"agentType\":\"general-purpose\"Explore\"Plan\",\"state\":\"finished\"}}]\"state\":\"started\"}}]",
	"\"action\":\"resumed\"}}]\"action\":\"ended\"}}]\"action\":\"started\"}}]",
	"\"kind\":\"compaction\"}}]\"kind\":\"waiting\",\"reason\":\"unknown\"question\"permission\"}}]\"kind\":\"waiting\",\"reason\":\"turn\"}}]",
	"\"assistant\":\"droid\",\"assistant\":\"pi\",\"assistant\":\"qwen\",\"assistant\":\"copilot\",\"assistant\":\"opencode\",\"assistant\":\"gemini\",\"assistant\":\"codex\",",
	"\"tool\":\"mcp__NotebookEdit\"TodoWrite\"WebFetch\"WebSearch\"Glob\"Grep\"Write\"Task\"exec_command\"shell\"apply_patch\"run_shell_command\"write_file\"read_file\"Edit\"Read\"",
	"\"status\":\"unknown\"}}]\"status\":\"failed\"}}]\"status\":\"completed\",\"durationMs\":",
	".html.css.sh.yml.toml.swift.kt.java.rb.js.json.md.py.rs.go.tsx.svelte.ts\",\"fileTag\":\"",
	"\"kind\":\"response\",\"model\":\"gpt-5-codex\"gemini-3-pro-preview\"claude-opus-4-5-20251101\"claude-haiku-4-5-20251001\"claude-sonnet-4-5-20250929\",\"tokens\":{\"input\":0,\"output\":1,\"cacheRead\":0,\"cacheWrite\":0}}}]",
	"\",\"eventType\":\"error\",\"payload\":{\"sessionId\":\"\",\"eventType\":\"summary\",\"payload\":{\"sessionId\":\"\",\"eventType\":\"agent\",\"payload\":{\"sessionId\":\"\",\"eventType\":\"session\",\"payload\":{\"sessionId\":\"",
	"Z\",\"eventType\":\"activity\",\"payload\":{\"sessionId\":\"\",\"project\":\"\",\"projectTag\":\"\",\"assistant\":\"claude\",\"kind\":\"prompt\"}},",
	"[{\"id\":\"evt_\",\"source\":\"-\",\"timestamp\":\"2026-11-20T00:00:00.000Z\",\"eventType\":\"tool\",\"payload\":{\"sessionId\":\"-4-8-\",\"project\":\"\",\"projectTag\":\"\",\"assistant\":\"claude\",\"tool\":\"Bash\",\"callId\":\"\",\"status\":\"completed\"}}]\",\"status\":\"started\"}}]\",\"status\":\"started\",\"context\":\""
].join(""));
// core/blocks.ts
var MAX_BODY_BYTES = 1048576;
var BATCH = {
	domain: new TextEncoder().encode("vibetea/batch/1"),
	maxBodyBytes: MAX_BODY_BYTES,
	dictionary: DICTIONARY
};
/**
* The bytes that the device signs for a batch at index `seq`; `seq` is a little-endian 64-bit number. Throws a
* RangeError for a scope or an index that none can be.
*/
function signedBytes(scope, seq, body, kind = BATCH) {
	const { teamId, incarnation } = scope;
	if (teamId.length !== 32 || incarnation.length !== 8) throw new RangeError("a scope is of 32 and 8 bytes");
	if (!Number.isSafeInteger(seq) || seq < 0) throw new RangeError("an index is a whole number from 0");
	const head = kind.domain.length;
	const out = new Uint8Array(head + 32 + 8 + 8 + body.length);
	out.set(kind.domain);
	out.set(teamId, head);
	out.set(incarnation, head + 32);
	new DataView(out.buffer).setBigUint64(head + 40, BigInt(seq), true);
	out.set(body, head + 48);
	return out;
}
/** What stands in the signed JSON of a batch, each an event or not; null where it is no list of at most 500. */
function batchValues(body) {
	const values = parseJson(body);
	return Array.isArray(values) && values.length <= 500 ? values : null;
}
/** What UTF-8 JSON says; undefined where it is none. */
function parseJson(body) {
	try {
		return JSON.parse(new TextDecoder("utf-8", {
			fatal: true,
			ignoreBOM: true
		}).decode(body));
	} catch {
		return;
	}
}
// core/bytes.ts
/** Reads a fixed format from its front; a read past the end throws a RangeError. */
var ByteReader = class {
	#bytes;
	#at = 0;
	constructor(bytes) {
		this.#bytes = bytes;
	}
	get left() {
		return this.#bytes.length - this.#at;
	}
	/** A copy, so that what is kept does not hold a whole message. */
	bytes(length) {
		if (length > this.left) throw new RangeError("the bytes end too soon");
		return new Uint8Array(this.#bytes.subarray(this.#at, this.#at += length));
	}
	uint8() {
		return this.bytes(1)[0];
	}
	uint16() {
		return new DataView(this.bytes(2).buffer).getUint16(0, true);
	}
	/** Throws a RangeError for what is no safe integer. */
	uint64() {
		const value = new DataView(this.bytes(8).buffer).getBigUint64(0, true);
		if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError("a number is too large");
		return Number(value);
	}
};
/** Parts one after the other. */
function concat(...parts) {
	const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		out.set(part, at);
		at += part.length;
	}
	return out;
}
/** A number as 2 bytes, little-endian. */
function uint16(value) {
	if (!Number.isInteger(value) || value < 0 || value > 65535) throw new RangeError("not a 16-bit number");
	return Uint8Array.of(value & 255, value >> 8);
}
/** A number as 8 bytes, little-endian. */
function uint64(value) {
	if (!Number.isSafeInteger(value) || value < 0) throw new RangeError("not a whole number from 0");
	const bytes = /* @__PURE__ */ new Uint8Array(8);
	new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
	return bytes;
}
/** What reads a format; null where the bytes are not of it, or more follow. */
function readWhole(bytes, read) {
	const reader = new ByteReader(bytes);
	try {
		const value = read(reader);
		return reader.left === 0 ? value : null;
	} catch (error) {
		if (error instanceof RangeError) return null;
		throw error;
	}
}
/** Whether two byte strings are the same. */
function equalBytes(a, b) {
	return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
/** -1, 0 or 1 by the first byte that differs. */
function compareBytes(a, b) {
	for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
	return Math.sign(a.length - b.length);
}
// core/hash.ts
/** BLAKE2b-256 without a key: for checksums and for the names of public things. */
function plainHash(message) {
	return blake2b(message, { dkLen: 32 });
}
new TextEncoder();
/** The z-base-32 alphabet (philzimmermann.com/docs/human-oriented-base-32-encoding.txt). */
var Z32 = "ybndrfg8ejkmcpqxot1uwisza345h769";
/**
* The first `length` z-base-32 characters of some bytes, five bits each; the last of all is filled up with zero bits, so
* that 32 bytes have 52. `length` is at most `ceil(bytes.length * 8 / 5)`.
*/
function z32Prefix(bytes, length) {
	const codes = [];
	let buffer = 0;
	let bits = 0;
	for (let i = 0; codes.length < length;) {
		if (bits < 5) {
			buffer = (buffer << 8 | bytes[i++]) & 4095;
			bits += 8;
		}
		bits -= 5;
		codes.push(Z32.charCodeAt(buffer >> bits & 31));
	}
	return String.fromCharCode(...codes);
}
/** What `z32Prefix` made of whole bytes; null for other characters, a length that none have, or spare bits that are set. */
function z32Bytes(text) {
	const bytes = new Uint8Array(Math.floor(text.length * 5 / 8));
	let buffer = 0;
	let bits = 0;
	let at = 0;
	for (const character of text) {
		const value = Z32.indexOf(character);
		if (value < 0) return null;
		buffer = (buffer << 5 | value) & 4095;
		bits += 5;
		if (bits < 8) continue;
		bits -= 8;
		bytes[at++] = buffer >> bits;
	}
	return z32Prefix(bytes, Math.ceil(bytes.length * 8 / 5)) === text ? bytes : null;
}
// core/identity.ts
ed.hashes.sha512 = sha512;
/** False for a wrong signature and for any key or signature that is malformed, or a key of small order. */
function verify(signature, message, publicKey) {
	if (signature.length !== 64 || publicKey.length !== 32) return false;
	return ed.verify(signature, message, publicKey, { zip215: false });
}
/**
* Whether 32 bytes are a public key that can be trusted to verify anything: on the curve and not of small order, for
* with such a key any message verifies. `verify` asks this itself; ask before another implementation verifies, and
* keep the answer, as it costs about 0.1 ms.
*/
function isUsableKey(publicKey) {
	try {
		return !ed.Point.fromBytes(publicKey).isSmallOrder();
	} catch {
		return false;
	}
}
new Map(Object.entries({
	write: "w",
	read: "r",
	mirror: "m",
	admin: "a"
}).map(([kind, letter]) => [letter, kind]));
// core/certificate.ts
var VERSION = 1;
var DOMAIN$1 = new TextEncoder().encode("vibetea/certificate/1");
function tuple({ teamId, epoch, device, noise, incarnation, issuedAt }) {
	return concat(teamId, uint64(epoch), device, noise, incarnation, uint64(issuedAt));
}
/** What issuer and device sign. */
function certificateBytes(certificate) {
	return concat(DOMAIN$1, tuple(certificate));
}
/** Reads one, without looking at its signatures; null where the bytes are none. */
function decodeCertificate(bytes) {
	return readWhole(bytes, (reader) => {
		if (reader.uint8() !== VERSION) throw new RangeError("another version");
		return {
			teamId: reader.bytes(32),
			epoch: reader.uint64(),
			device: reader.bytes(32),
			noise: reader.bytes(32),
			incarnation: reader.bytes(8),
			issuedAt: reader.uint64(),
			issuerSignature: reader.bytes(64),
			deviceSignature: reader.bytes(64)
		};
	});
}
// core/epoch.ts
var EPOCH = 1;
var ADMIN = 2;
var DOMAIN = new TextEncoder().encode("vibetea/record/1");
var MAX_RECORD_BYTES = 262144;
/** What the signer signs: the record up to and with the signer's key, behind a domain. */
function unsigned(record) {
	if (record.kind === "admin") return concat(Uint8Array.of(ADMIN), record.teamId, uint16(record.admins.length), ...record.admins, record.signer);
	const { teamId, epoch, previous, issuers, closes, sealed, history, signer } = record;
	return concat(Uint8Array.of(EPOCH), teamId, uint64(epoch), previous, issuers.member, issuers.reader, issuers.mirror, uint16(closes.length), ...closes.flatMap(({ device, incarnation, cut }) => [
		device,
		incarnation,
		Uint8Array.of(cut === null ? 0 : 1),
		uint64(cut ?? 0)
	]), uint16(sealed.length), ...sealed.flatMap(({ device, box }) => [
		device,
		uint16(box.length),
		box
	]), uint16(history.length), history, signer);
}
/** Reads one, without looking at its signature; null where the bytes are none or too many. */
function decodeRecord(bytes) {
	if (bytes.length > 262144) return null;
	return readWhole(bytes, (reader) => {
		const kind = reader.uint8();
		if (kind === EPOCH) return readEpoch(reader);
		if (kind !== ADMIN) throw new RangeError("another kind of record");
		return {
			kind: "admin",
			teamId: reader.bytes(32),
			admins: list(reader, () => reader.bytes(32)),
			signer: reader.bytes(32),
			signature: reader.bytes(64)
		};
	});
}
function readEpoch(reader) {
	return {
		kind: "epoch",
		teamId: reader.bytes(32),
		epoch: reader.uint64(),
		previous: reader.bytes(32),
		issuers: {
			member: reader.bytes(32),
			reader: reader.bytes(32),
			mirror: reader.bytes(32)
		},
		closes: list(reader, () => {
			const device = reader.bytes(32);
			const incarnation = reader.bytes(8);
			const hasCut = reader.uint8();
			const cut = reader.uint64();
			if (hasCut > 1 || hasCut === 0 && cut !== 0) throw new RangeError("a cut is written in one way");
			return {
				device,
				incarnation,
				cut: hasCut === 1 ? cut : null
			};
		}),
		sealed: list(reader, () => ({
			device: reader.bytes(32),
			box: reader.bytes(reader.uint16())
		})),
		history: reader.bytes(reader.uint16()),
		signer: reader.bytes(32),
		signature: reader.bytes(64)
	};
}
function list(reader, read) {
	return Array.from({ length: reader.uint16() }, read);
}
/** Whether its signer signed it. That the signer is an admin of the team is for the caller to check. */
function isSignedRecord(record, verify$1 = verify) {
	return verify$1(record.signature, concat(DOMAIN, unsigned(record)), record.signer);
}
/** Which of two valid epoch records counts: the higher epoch, then the lower hash. Negative: `a`. */
function compareEpochs(a, b) {
	return b.epoch - a.epoch || compareBytes(a.hash, b.hash);
}
// core/secrets.ts
/** z32 of 32 bytes: how keys, devices and teams are written. */
function keyText(bytes) {
	return z32Prefix(bytes, 52);
}
// core/epoch-records.ts
/** Records that a team may have. */
var MAX_RECORDS = 256;
var refused = (reason) => ({
	kind: "refused",
	reason
});
/** A device and incarnation. */
var logId = (device, incarnation) => keyText(device) + z32Prefix(incarnation, 13);
/**
* The records of a team. The highest epoch counts, of equal ones the record with the lower hash, and with it those
* before it by `previous`. None is ever dropped, so nothing is rolled back, and the order in which they come makes no
* difference, but that an admin must be named before it signs: `all` gives them so.
*/
var EpochRecords = class {
	#teamId;
	#provisional;
	#verify;
	/** Admin keys from teamId on. */
	#admins;
	#adminRecords = /* @__PURE__ */ new Map();
	#epochs = /* @__PURE__ */ new Map();
	/** The record that counts and those before it, oldest first. */
	#chain = [];
	constructor(teamId, provisional, verify) {
		this.#teamId = teamId;
		this.#provisional = provisional;
		this.#verify = verify;
		this.#admins = /* @__PURE__ */ new Set([keyText(teamId)]);
	}
	add(bytes) {
		const hash = plainHash(bytes);
		const id = keyText(hash);
		if (this.#adminRecords.has(id) || this.#epochs.has(id)) return { kind: "known" };
		const record = decodeRecord(bytes);
		if (!record || record.kind === "epoch" && record.epoch < 1) return refused("invalid_record");
		if (!equalBytes(record.teamId, this.#teamId)) return refused("other_team");
		if (!this.#admins.has(keyText(record.signer))) return refused("forged_issuer");
		if (!isSignedRecord(record, this.#verify)) return refused("invalid_record");
		if (this.#adminRecords.size + this.#epochs.size >= MAX_RECORDS) return refused("too_many_records");
		const kept = Uint8Array.from(bytes);
		if (record.kind === "admin") {
			this.#adminRecords.set(id, kept);
			for (const admin of record.admins) this.#admins.add(keyText(admin));
		} else {
			this.#epochs.set(id, {
				epoch: record.epoch,
				hash,
				bytes: kept,
				record,
				closes: closesOf(record)
			});
			this.#chain = this.#chainOf();
		}
		return { kind: "new" };
	}
	/** Of the record that counts, else the provisional one; null where neither is here. */
	get epoch() {
		return this.#chain.at(-1)?.epoch ?? this.#provisional?.epoch ?? null;
	}
	/** The record that counts. */
	get current() {
		return this.#chain.at(-1)?.record ?? null;
	}
	/** Who issued certificates in an epoch; null where its record is not here. */
	issuersOf(epoch) {
		if (this.#chain.length === 0 && epoch === this.#provisional?.epoch) return this.#provisional.issuers;
		return this.#chain.find((each) => each.epoch === epoch)?.record.issuers ?? null;
	}
	/**
	* Where the log of a certificate is cut; null where it goes on. undefined: its epoch has ended, and the record that
	* ended it does not list it.
	*/
	cutOf(device, incarnation, epoch) {
		const id = logId(device, incarnation);
		const later = this.#chain.filter((each) => each.epoch > epoch);
		if (later[0] && !later[0].closes.has(id)) return void 0;
		const cuts = later.map(({ closes }) => closes.get(id)).filter((cut) => typeof cut === "number");
		return cuts.length === 0 ? null : Math.min(...cuts);
	}
	/** All, in an order in which each can be checked. */
	all() {
		const epochs = [...this.#epochs.values()].sort(compareEpochs).reverse();
		return [...this.#adminRecords.values(), ...epochs.map(({ bytes }) => bytes)];
	}
	#chainOf() {
		const chain = [];
		let next = [...this.#epochs.values()].sort(compareEpochs)[0];
		while (next) {
			chain.unshift(next);
			const before = this.#epochs.get(keyText(next.record.previous));
			next = before && before.epoch < next.epoch ? before : void 0;
		}
		return chain;
	}
};
function closesOf(record) {
	const closes = /* @__PURE__ */ new Map();
	for (const { device, incarnation, cut } of record.closes) {
		const id = logId(device, incarnation);
		const before = closes.get(id) ?? null;
		closes.set(id, cut !== null && before !== null ? Math.min(cut, before) : cut ?? before);
	}
	return closes;
}
export { ARCHIVE_ERRORS, ARCHIVE_RETENTION_MS, DEFAULT_QUERY_DAYS, EVENT_TYPES, EpochRecords, MAX_AHEAD_MS, MAX_BODY_BYTES, MAX_INGEST_BYTES, MAX_INGEST_CERTIFICATES, MAX_INGEST_EVENTS, MAX_INGEST_RECORDS, MAX_RECORD_BYTES, QUERY_DAYS, batchValues, certificateBytes, decodeCertificate, equalBytes, isSource, isUsableKey, keyText, parseEvent, plainHash, signedBytes, verify, z32Bytes };
