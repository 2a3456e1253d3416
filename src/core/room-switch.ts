import { Problem } from './problem.ts';
import { choiceSetting } from './setting.ts';

/** The setting `enabled` of a room that reaches beyond its own data: it runs programs, scans or captures. */
export const enabledSetting = (description: string) => choiceSetting(['loopback', 'always', 'never'], 'loopback', description);

type Wiring = {
  room: string;
  /** What it does, for `This server does not …`. */
  does: string;
  /** Its setting `enabled`. */
  enabled: 'loopback' | 'always' | 'never';
  /** True when only this machine reaches the server. */
  isLoopback: boolean;
};

/** Whether a room that reaches beyond its own data does so on this server. */
export class RoomSwitch {
  readonly isOn: boolean;
  readonly #wiring: Wiring;

  constructor(wiring: Wiring) {
    this.#wiring = wiring;
    this.isOn = wiring.enabled === 'always' || (wiring.enabled === 'loopback' && wiring.isLoopback);
  }

  /** Throws `denied` where it does not. */
  require(): void {
    if (this.isOn) return;
    const { room, does, enabled } = this.#wiring;
    const setting = `${room}.enabled`;
    throw new Problem('denied', `This server does not ${does}.`, {
      detail: enabled === 'never' ? `${setting} is never` : `other machines reach it, and ${setting} is loopback`,
      hint: `weir serve --set ${setting}=always`,
    });
  }
}
