// As much of a browser as the flows need: cookies, redirects, and forms.

export class Browser {
  #cookies = new Map();

  /** One request, with cookies, without following its redirect. */
  async request(url, options = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', ...options, headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  /** Follows redirects up to a page, or to `end`, which is not requested. */
  async open(url, end, options) {
    let response = await this.request(url, options);
    let here = new URL(url);
    while (response.headers.has('location')) {
      here = new URL(response.headers.get('location'), here);
      if (end && here.href.startsWith(end)) return { url: here };
      response = await this.request(here);
    }
    return { url: here, status: response.status, html: await response.text() };
  }

  /** Signs in on the page that `url` leads to, and returns where that leads. */
  async signIn(url, { username, password }, end) {
    const page = await this.open(url, end);
    if (page.html === undefined) return page.url;
    const done = await this.open(page.url, end, { method: 'POST', body: new URLSearchParams({ username, password }) });
    if (done.html !== undefined) throw new Error(`stopped at ${done.url} with ${done.status}: ${done.html}`);
    return done.url;
  }

  /** Posts the form of a page as its script would. */
  submit({ html }) {
    const action = /<form[^>]* action="([^"]+)"/.exec(html)[1];
    const fields = [...html.matchAll(/<input[^>]*>/g)].map(([input]) =>
      ['name', 'value'].map((name) => new RegExp(` ${name}="([^"]*)"`).exec(input)[1]),
    );
    return this.request(action, { method: 'POST', body: new URLSearchParams(fields) });
  }
}
