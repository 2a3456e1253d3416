/** Answers as the published ticket API gives them: Flask's way of writing JSON, and plain text that is called HTML. */
import type { FastifyReply } from 'fastify';

/** JSON as Python's `json.dumps` writes it: indented, ASCII only, with a newline at the end. */
const flaskJson = (value: unknown, indent: number): string =>
  `${JSON.stringify(value, null, indent).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;

/** Sends JSON. The length is set, so that nothing indents it once more. */
export function sendJson(reply: FastifyReply, status: number, value: unknown, indent = 2): FastifyReply {
  return send(reply, status, 'application/json', flaskJson(value, indent));
}

/**
 * Sends a text as `text/html`, as clients of this API expect. What it says was written by anybody, so a browser that opens
 * it is told to run, load and show nothing of it as a page of this server.
 */
export function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'; sandbox");
  return send(reply, status, 'text/html; charset=utf-8', text);
}

function send(reply: FastifyReply, status: number, type: string, text: string): FastifyReply {
  const body = Buffer.from(text);
  return reply.code(status).header('content-type', type).header('content-length', body.length).send(body);
}
