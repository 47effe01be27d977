// The store of oidc-provider: a map that forgets nothing by itself, so that a storm of tokens evicts no grant.

export class Store {
  #rows = new Map();

  /** The constructor that oidc-provider wants. */
  get adapter() {
    return (model) => new Adapter(model, this);
  }

  get(model, id) {
    const row = this.#rows.get(`${model}:${id}`);
    return row && row.ends > Date.now() ? row.payload : undefined;
  }

  set(model, id, payload, seconds) {
    this.#rows.set(`${model}:${id}`, { model, payload, ends: Date.now() + (seconds ?? Infinity) * 1000 });
  }

  delete(model, id) {
    this.#rows.delete(`${model}:${id}`);
  }

  /** Deletes what is chosen and returns how many that were. */
  deleteWhere(choose) {
    const chosen = [...this.#rows].filter(([, { model, payload }]) => choose(model, payload));
    chosen.forEach(([key]) => this.#rows.delete(key));
    return chosen.length;
  }

  find(choose) {
    return [...this.#rows.values()].find(({ model, payload }) => choose(model, payload))?.payload;
  }
}

class Adapter {
  constructor(model, store) {
    this.model = model;
    this.store = store;
  }

  async upsert(id, payload, seconds) {
    this.store.set(this.model, id, payload, seconds);
  }

  async find(id) {
    return this.store.get(this.model, id);
  }

  async findByUid(uid) {
    return this.store.find((model, payload) => model === this.model && payload.uid === uid);
  }

  async consume(id) {
    this.store.get(this.model, id).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    this.store.delete(this.model, id);
  }

  async revokeByGrantId(grantId) {
    this.store.deleteWhere((model, payload) => model === this.model && payload.grantId === grantId);
  }
}
