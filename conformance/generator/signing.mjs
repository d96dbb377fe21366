// Signs and verifies with node:crypto alone, so that no bug of the verifiers under test can hide in their own test data.

import crypto from 'node:crypto';

const PSS = crypto.constants.RSA_PKCS1_PSS_PADDING;

/** What an algorithm name of RFC 7518 §3.1, RFC 8037 §3.1 or RFC 8812 §3.2 stands for; `variant` departs from it on purpose. */
function parametersOf(algorithm, variant = {}) {
  if (/^(EdDSA|Ed25519|Ed448)$/.test(algorithm)) return { hash: null, options: {} };
  const [, family, bits] = /^(ES|RS|PS)(1|256|384|512)K?$/.exec(algorithm);
  const hash = variant.hash ?? (bits === '1' ? 'sha1' : `sha${bits}`);
  if (family === 'ES') return { hash, options: { dsaEncoding: 'ieee-p1363' } };
  if (family === 'RS') return { hash, options: {} };
  // RFC 7518 §3.5: the salt is as long as the hash.
  return { hash, options: { padding: PSS, saltLength: variant.saltLength ?? Number(bits) / 8 } };
}

export function signatureVerifies(publicKey, algorithm, input, signature, variant) {
  const { hash, options } = parametersOf(algorithm, variant);
  return crypto.verify(hash, Buffer.from(input), { key: publicKey, ...options }, signature);
}

/** Signatures that earlier runs made. ECDSA and RSASSA-PSS are randomised: using them again keeps the files as they are. */
export class SignatureBook {
  #bySigningInput = new Map();

  remember(token) {
    const end = token.lastIndexOf('.');
    if (end < 0) return;
    this.#add(token.slice(0, end), Buffer.from(token.slice(end + 1), 'base64url'));
  }

  /** `accept` narrows the signatures that will do, for cases about the numbers inside one. */
  sign(key, algorithm, input, { accept = () => true, ...variant } = {}) {
    const known = (this.#bySigningInput.get(input) ?? []).find(
      (signature) => accept(signature) && signatureVerifies(key.publicKey, algorithm, input, signature, variant),
    );
    if (known) return known;
    const { hash, options } = parametersOf(algorithm, variant);
    let signature;
    do {
      signature = crypto.sign(hash, Buffer.from(input), { key: key.privateKey, ...options });
    } while (!accept(signature));
    this.#add(input, signature);
    return signature;
  }

  #add(input, signature) {
    if (!this.#bySigningInput.has(input)) this.#bySigningInput.set(input, []);
    this.#bySigningInput.get(input).push(signature);
  }
}
