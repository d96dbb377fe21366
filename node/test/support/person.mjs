// As much of a person with a browser as a sign-in needs: cookies of every host, redirects, and the form of the issuer.

import assert from 'node:assert/strict'

export class Person {
  /** By host, name and value. */
  cookies = new Map()

  /** The same cookies in another browser window; what happens there is not seen here. */
  copy() {
    const other = new Person()
    for (const [host, cookies] of this.cookies) other.cookies.set(host, new Map(cookies))
    return other
  }

  /** One request, as a browser makes it for a link, without following where it leads. */
  async ask(url, { headers = {}, ...options } = {}) {
    const { host } = new URL(url)
    const own = this.cookies.get(host) ?? new Map()
    this.cookies.set(host, own)
    const cookie = [...own].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = { accept: 'text/html', ...(cookie && { cookie }), ...headers }
    const response = await fetch(url, { redirect: 'manual', ...options, headers: sent })
    for (const line of response.headers.getSetCookie()) {
      assert(line.length <= 4096, `browsers drop a cookie of ${line.length} bytes`)
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
      if (value === '' || /Max-Age=0/i.test(line)) own.delete(name)
      else own.set(name, value)
    }
    return response
  }

  /** Goes wherever that leads, up to a page or to `end`, which is not asked for. */
  async visit(url, { end, ...options } = {}) {
    let response = await this.ask(url, options)
    let here = new URL(url)
    for (let steps = 0; response.headers.has('location'); steps += 1) {
      assert(steps < 20, `redirected for ever, at last to ${here}`)
      here = new URL(response.headers.get('location'), here)
      if (end !== undefined && here.href.startsWith(end)) return { url: here.href }
      response = await this.ask(here)
    }
    return { url: here.href, status: response.status, headers: response.headers, text: await response.text() }
  }

  /** Signs in at the issuer that `url` leads to, and goes on from there. */
  async signIn(url, { username = 'alice', password = 'alice', ...rest } = {}) {
    const page = await this.visit(url, rest)
    if (page.text === undefined || !page.text.includes('name="password"')) return page
    return this.#submit(page, { username, password }, rest)
  }

  /** Signs out, and confirms it where the issuer asks. */
  async signOut(url, rest) {
    const page = await this.visit(url, rest)
    return page.text?.includes('name="xsrf"') ? this.#submit(page, { logout: 'yes' }, rest) : page
  }

  #submit({ url, text }, fields, rest) {
    const hidden = [...text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) =>
      ['name', 'value'].map((name) => new RegExp(` ${name}="([^"]*)"`).exec(input)[1]),
    )
    const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1] ?? url
    const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields })
    return this.visit(new URL(action, url), { method: 'POST', body, ...rest })
  }

  /** What is in an answer that is JSON, as a program asks for it. */
  async json(url, { headers, ...options } = {}) {
    const response = await this.ask(url, { headers: { accept: 'application/json', ...headers }, ...options })
    return { status: response.status, headers: response.headers, body: await response.json() }
  }
}
