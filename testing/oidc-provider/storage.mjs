// What the provider remembers. It outlives the provider, which is made anew when the signing keys change.

export class Storage {
  #records = new Map();

  /** The adapter of one model, as the library calls for it. */
  adapterFor = (model) => {
    const keyOf = (id) => `${model}:${id}`;
    const find = async (id) => this.#live(keyOf(id));
    const findBy = async (member, value) => {
      for (const key of this.#records.keys()) {
        if (key.startsWith(keyOf('')) && this.#live(key)?.[member] === value) return this.#live(key);
      }
      return undefined;
    };
    return {
      find,
      findByUid: (uid) => findBy('uid', uid),
      findByUserCode: (userCode) => findBy('userCode', userCode),
      upsert: async (id, payload, lifetime) => {
        this.#records.set(keyOf(id), {
          payload,
          end: lifetime === undefined ? Infinity : Date.now() + lifetime * 1000,
        });
      },
      consume: async (id) => {
        (await find(id)).consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => {
        this.#records.delete(keyOf(id));
      },
      revokeByGrantId: async (grantId) => {
        for (const [key, { payload }] of this.#records) {
          if (key.startsWith(keyOf('')) && payload.grantId === grantId) this.#records.delete(key);
        }
      },
    };
  };

  #live(key) {
    const record = this.#records.get(key);
    if (record === undefined || record.end > Date.now()) return record?.payload;
    this.#records.delete(key);
    return undefined;
  }
}
