import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';

const Claims = z.object({
  userId: z.string(),
  /** '' for one that was made without a session. */
  sessionId: z.string(),
  /** Seconds since the epoch. */
  exp: z.number(),
});
export type JwtClaims = z.infer<typeof Claims>;

/** HS256, as Appwrite signs it; only this server can check it. */
export function makeJwt(signingSecret: string, claims: JwtClaims): string {
  const head = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims)}`;
  return `${head}.${sign(signingSecret, head)}`;
}

/** Null for what was not signed here; says nothing about the time. */
export function readJwt(signingSecret: string, jwt: string): JwtClaims | null {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const wanted = Buffer.from(sign(signingSecret, `${header}.${payload}`));
  const given = Buffer.from(signature);
  if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return null;
  return Claims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).data ?? null;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function sign(signingSecret: string, text: string): string {
  return createHmac('sha256', signingSecret).update(text).digest('base64url');
}
