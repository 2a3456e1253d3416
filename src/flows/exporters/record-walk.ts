/**
 * Walks records with fields of variable length (RFC 7011 section 7): the places of a plan are found anew for each record and
 * put into a plan of the same shape, so that whatever reads records reads these in the same way.
 */
import { type Plan, variableLength } from './template.ts';

export class RecordWalk {
  /** The plan of the record at hand. Overwritten by the next. */
  plan: Plan;
  readonly #lengths: Int32Array;
  readonly #offsets: Int32Array;
  readonly #starts: Int32Array;
  readonly #octets: Int32Array;
  readonly #source: Plan;
  readonly #slots: number[];

  constructor(plan: Plan) {
    this.#source = plan;
    this.#offsets = Int32Array.from(plan.offsets);
    this.#lengths = Int32Array.from(plan.lengths);
    this.#starts = new Int32Array(plan.template.fields.length);
    this.#octets = new Int32Array(plan.template.fields.length);
    this.#slots = [...plan.fieldOf.keys()].filter((at) => (plan.fieldOf[at] as number) >= 0);
    this.plan = { ...plan, offsets: this.#offsets, lengths: this.#lengths };
  }

  /** Finds the fields of the record at `at`; answers its octets, or -1 where it does not end before `end`. */
  next(view: DataView, at: number, end: number): number {
    const { fields } = this.#source.template;
    let place = at;
    for (let index = 0; index < fields.length; index++) {
      let { length } = fields[index]!;
      if (length === variableLength) {
        if (place >= end) return -1;
        length = view.getUint8(place++);
        if (length === 255) {
          if (place + 2 > end) return -1;
          length = view.getUint16(place);
          place += 2;
        }
      }
      if (length > end - place) return -1;
      this.#starts[index] = place - at;
      this.#octets[index] = length;
      place += length;
    }
    this.#settle();
    return place - at;
  }

  /** A number of more than eight octets, or none, is no number: its slot is as good as absent in this record. */
  #settle(): void {
    const { fieldOf, lengths } = this.#source;
    for (const at of this.#slots) {
      const field = fieldOf[at]!;
      const octets = this.#octets[field]!;
      this.#offsets[at] = lengths[at] === variableLength && octets === 0 ? -1 : this.#starts[field]!;
      this.#lengths[at] = octets;
    }
  }
}
