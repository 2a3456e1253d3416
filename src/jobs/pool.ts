import type { Need } from './resources.ts';

/** What one host gives to jobs. */
export type Offer = {
  host: string;
  /** In all, by name: CORES, RAM (MB), GPUS, licences. */
  amounts: Record<string, number>;
  /** Words that the host has. */
  tags: readonly string[];
};

/** Where a job finds room, and what it takes there. */
export type Place = { host: string; takes: Record<string, number>; has?: readonly string[] };

/** What is free of what the hosts offer. */
export class Pool {
  readonly #hosts: { offer: Offer; tags: ReadonlySet<string>; free: Record<string, number> }[];

  constructor(offers: readonly Offer[]) {
    this.#hosts = offers.map((offer) => ({ offer, tags: new Set([offer.host, ...offer.tags]), free: { ...offer.amounts } }));
  }

  /** Room for one of the ways, or in words what is missing. */
  find(needs: readonly Need[]): Place | string {
    let why = 'no host is there';
    for (const need of needs) {
      for (const host of this.#hosts) {
        const takes = takesOf(need, host.offer);
        const lack = lackOf(need, takes, host.offer, host.tags) ?? shortageOf(takes, host.free, host.offer);
        if (lack === undefined) return { host: host.offer.host, takes };
        why = lack;
      }
    }
    return why;
  }

  /** In words, why no host could satisfy this even when it is empty; undefined when one could. */
  impossible(needs: readonly Need[]): string | undefined {
    let why: string | undefined = 'no host is there';
    for (const need of needs) {
      for (const { offer, tags } of this.#hosts) {
        const takes = takesOf(need, offer);
        why = lackOf(need, takes, offer, tags);
        if (why === undefined) return undefined;
      }
    }
    return why;
  }

  take({ host, takes }: Place): void {
    this.#move(host, takes, -1);
  }

  give({ host, takes }: Place): void {
    this.#move(host, takes, 1);
  }

  /** For people: what there is and what of it is free. */
  hosts(): { host: string; amounts: Record<string, number>; free: Record<string, number>; tags: string[] }[] {
    return this.#hosts.map(({ offer, free, tags }) => ({ host: offer.host, amounts: offer.amounts, free: { ...free }, tags: [...tags] }));
  }

  #move(name: string, takes: Record<string, number>, sign: 1 | -1): void {
    // A run that was adopted may be on a host, or take a thing, that is offered no more.
    const host = this.#hosts.find(({ offer }) => offer.host === name);
    if (host === undefined) return;
    for (const [what, amount] of Object.entries(takes))
      if (what in host.free) host.free[what] = (host.free[what] as number) + sign * amount;
  }
}

/** What a way takes here: a counted thing that is only named counts one. */
function takesOf(need: Need, { amounts }: Offer): Record<string, number> {
  if (need.has === undefined) return need.takes;
  const takes = { ...need.takes };
  for (const name of need.has) if (Object.hasOwn(amounts, name)) takes[name] = (takes[name] ?? 0) + 1;
  return takes;
}

/** What the host lacks even when nothing runs on it. */
function lackOf(need: Need, takes: Record<string, number>, { host, amounts }: Offer, tags: ReadonlySet<string>): string | undefined {
  const offered = (name: string): number => (Object.hasOwn(amounts, name) ? (amounts[name] as number) : 0);
  for (const name of need.has ?? []) if (!tags.has(name) && offered(name) < 1) return `${host} has no ${name}`;
  for (const name of need.not ?? []) if (tags.has(name) || offered(name) > 0) return `${host} has ${name}`;
  for (const [name, amount] of Object.entries(need.atLeast ?? {}))
    if (offered(name) < amount) return `${host} offers ${offered(name)} ${name}, not ${amount}`;
  for (const [name, amount] of Object.entries(need.below ?? {}))
    if (offered(name) >= amount) return `${host} offers ${offered(name)} ${name}, which is not below ${amount}`;
  for (const [name, amount] of Object.entries(takes))
    if (offered(name) < amount) return `${host} has ${offered(name)} ${name}, not ${amount}`;
  return undefined;
}

function shortageOf(takes: Record<string, number>, free: Record<string, number>, { host, amounts }: Offer): string | undefined {
  for (const [name, amount] of Object.entries(takes)) {
    const left = free[name] ?? 0;
    if (left < amount) return `waits for ${name}/${amount}: ${Math.max(0, left)} of ${amounts[name]} free on ${host}`;
  }
  return undefined;
}
