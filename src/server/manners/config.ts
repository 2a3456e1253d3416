import { type Static, Type } from 'typebox';
import { durationSetting, integerSetting, listSetting } from '../../core/setting.ts';

const minute = 60_000;

/** How many requests anybody may send within one window. */
export const rateLimitSettings = Type.Object({
  window: durationSetting(minute, { description: 'The time over which requests are counted.', minimum: 1000 }),
  user: integerSetting(60_000, { description: 'Requests of one user within the window. 0: any number.', minimum: 0 }),
  address: integerSetting(6000, {
    description: 'Requests from one address (IPv6: one network of 64 bits) by nobody who is logged in, within the window. 0: any number.',
    minimum: 0,
  }),
  local: integerSetting(6_000_000, {
    description: 'Requests of this machine within the window while no user exists. 0: any number.',
    minimum: 0,
  }),
});
export type RateLimitConfig = Static<typeof rateLimitSettings>;

/** Web pages of which sites may use the API. */
export const corsSetting = listSetting(
  [],
  'Origins (`https://desk.example:8443`) whose pages may use the API by CORS, compared as whole texts. Empty: none.',
);
