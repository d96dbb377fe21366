// Sends the chosen request with the chosen token and shows what comes back.

const result = document.querySelector("#result");
const wishes = {
  read: { scope: "read:products" },
  write: { scope: "read:products write:products" },
  organization: { scope: "read:products", organization_id: "org_demo" },
  changed: { scope: "read:products" },
};

async function chosenToken() {
  const choice = document.querySelector("input[name=token]:checked").value;
  if (choice === "none") return undefined;
  if (choice === "pasted") return document.querySelector("#pasted").value.trim() || undefined;
  const answer = await fetch("/demo/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(wishes[choice]),
  });
  const { access_token: token } = await answer.json();
  if (!token) throw new Error("the development issuer gave no token");
  if (choice !== "changed") return token;
  const middle = token.lastIndexOf(".") + 10;
  return token.slice(0, middle) + (token[middle] === "A" ? "B" : "A") + token.slice(middle + 1);
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(button) {
  for (const other of document.querySelectorAll("button")) other.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  const { method, path } = button.dataset;
  try {
    const token = await chosenToken();
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const answer = await fetch(path, { method, headers });
    const status = element("p", `status ${answer.ok ? "good" : "bad"}`, `${answer.status} `);
    status.append(element("span", "", `${method} ${path}`));
    const shown = ["www-authenticate", "retry-after"]
      .filter((name) => answer.headers.has(name))
      .map((name) => `${name}: ${answer.headers.get(name)}\n\n`);
    result.replaceChildren(status, element("pre", "", shown.join("") + pretty(await answer.text())));
  } catch (error) {
    result.replaceChildren(element("p", "status bad", `No answer: ${error.message}`));
  }
}

for (const button of document.querySelectorAll("button[data-path]")) {
  button.addEventListener("click", () => send(button));
}
