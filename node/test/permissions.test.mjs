// hasScopes, requireScopes, hasRole and requireRole.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { AuthError, hasRole, hasScopes, requireRole, requireScopes, verifyAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'
import { refuses, refusesOption } from './support/refusal.mjs'

let issuer
let options
before(async () => {
  issuer = await DevIssuer.start()
  options = { logtoUrl: issuer.logtoUrl, audience: 'https://api.example.com' }
})
after(() => issuer.stop())

/** Subjects with these claims: the payload alone, and the context around it. */
function subjects(claims) {
  const payload = { iss: 'i', sub: 'alice', aud: 'a', exp: 1, ...claims }
  return [payload, { userId: 'alice', isAuthenticated: true, payload, isGuest: false }]
}

const guest = (guestReason) => ({ userId: null, isAuthenticated: false, payload: null, isGuest: true, guestId: 'x', guestReason })

describe('scopes', () => {
  for (const [scope, asked, mode, expected] of [
    ['read:a write:a', 'read:a', undefined, true],
    ['read:a write:a', ['read:a'], undefined, true],
    ['read:a write:a', ['read:a', 'write:a'], undefined, true],
    ['read:a write:a', ['write:a', 'read:a'], 'all', true],
    ['read:a', ['read:a', 'write:a'], 'all', false],
    ['read:a', ['read:a', 'write:a'], undefined, false],
    ['read:a', ['read:a', 'write:a'], 'any', true],
    ['read:a', ['admin', 'write:a'], 'any', false],
    ['read:a', ['read:a', 'read:a'], 'all', true],
    ['read:all', 'read', undefined, false],
    ['read', 'read:all', undefined, false],
    ['unread', 'read', undefined, false],
    ['READ', 'read', undefined, false],
    ['', 'read', undefined, false],
    ['  read   write ', 'write', undefined, true],
    ['read\twrite', 'write', undefined, false],
    [undefined, 'read', undefined, false],
    [null, 'read', undefined, false],
    [7, '7', undefined, false],
    [['read'], 'read', undefined, false],
    [{ read: true }, 'read', undefined, false],
    ['constructor', '__proto__', undefined, false],
  ]) {
    it(`${JSON.stringify(asked)}${mode ? ` (${mode})` : ''} ${expected ? 'are' : 'are not'} in ${JSON.stringify(scope)}`, async () => {
      for (const subject of subjects({ scope })) {
        const given = mode === undefined ? [] : [{ mode }]
        assert.equal(hasScopes(subject, asked, ...given), expected)
        if (expected) assert.equal(requireScopes(subject, asked, ...given), undefined)
        else await refuses('missing_scope', () => requireScopes(subject, asked, ...given))
      }
    })
  }

  it('that are lacking are named, and the challenge names those that are asked for', async () => {
    const [payload] = subjects({ scope: 'read:a' })
    const all = await refuses('missing_scope', () => requireScopes(payload, ['read:a', 'write:a']))
    assert.equal(all.message, 'the token lacks the scope: write:a')
    assert.match(all.wwwAuthenticate, /error="insufficient_scope".*, scope="read:a write:a"$/)
    assert.equal(all.headers['www-authenticate'], all.wwwAuthenticate)
    assert.equal(JSON.parse(all.body).message, all.message)
    const any = await refuses('missing_scope', () => requireScopes(payload, ['write:a', 'admin'], { mode: 'any' }))
    assert.match(any.message, /write:a.*admin/)
  })

  it('cannot break out of the challenge', async () => {
    for (const scope of ['a"b', 'a\\b', 'a\r\nb', 'aéb']) {
      try {
        requireScopes(subjects({})[0], scope)
        assert.fail(scope)
      } catch (error) {
        if (error instanceof AuthError) assert.match(error.wwwAuthenticate, /^[ !#-~"]*$/)
        else assert.equal(error.name, 'ConfigError')
      }
    }
  })

  it('that are none are a mistake and never a yes', async () => {
    for (const subject of [...subjects({ scope: 'read' }), guest('no_token')]) {
      for (const none of [[], '', [''], ['read', ''], ' ', 'read write']) {
        for (const ask of [hasScopes, requireScopes]) {
          await refusesOption(optionOf(() => ask(subject, none)), () => ask(subject, none), JSON.stringify(none))
        }
      }
    }
  })

  it('in a mode that does not exist are a mistake', async () => {
    for (const mode of ['some', 'ANY', 7, null]) {
      for (const ask of [hasScopes, requireScopes]) {
        await refusesOption('mode', () => ask(subjects({ scope: 'read' })[0], 'read', { mode }), `${mode}`)
      }
    }
  })
})

describe('roles', () => {
  for (const [claims, asked, claimKeys, expected] of [
    [{ roles: ['admin', 'user'] }, 'admin', undefined, true],
    [{ roles: ['admin', 'user'] }, ['admin', 'user'], undefined, true],
    [{ roles: ['user'] }, ['admin', 'user'], undefined, false],
    [{ roles: 'admin' }, 'admin', undefined, true],
    [{ role: 'admin' }, 'admin', undefined, true],
    [{ role: ['admin'] }, 'admin', undefined, true],
    [{ roles: ['user'], role: 'admin' }, 'admin', undefined, true],
    [{ roles: ['administrator'] }, 'admin', undefined, false],
    [{ roles: 'admin user' }, 'admin', undefined, false],
    [{ roles: ['admin user'] }, 'admin', undefined, false],
    [{ roles: ['admin user'] }, 'admin user', undefined, true],
    [{ roles: ['Admin'] }, 'admin', undefined, false],
    [{ roles: { admin: true } }, 'admin', undefined, false],
    [{ roles: null }, 'null', undefined, false],
    [{ roles: [7, 'admin'] }, '7', undefined, false],
    [{}, 'admin', undefined, false],
    [{ 'https://x/roles': ['admin'] }, 'admin', undefined, false],
    [{ 'https://x/roles': ['admin'] }, 'admin', ['https://x/roles'], true],
    [{ roles: ['admin'] }, 'admin', ['https://x/roles'], false],
    [{ a: ['one'], b: 'two' }, ['one', 'two'], ['a', 'b'], true],
    [{ organization_roles: ['o1:admin'] }, 'o1:admin', ['organization_roles'], true],
  ]) {
    it(`${JSON.stringify(asked)} ${expected ? 'are' : 'are not'} in ${JSON.stringify(claims)}${claimKeys ? ` under ${claimKeys}` : ''}`, async () => {
      const given = claimKeys === undefined ? [] : [{ claimKeys }]
      for (const subject of subjects(claims)) {
        assert.equal(hasRole(subject, asked, ...given), expected)
        if (expected) assert.equal(requireRole(subject, asked, ...given), undefined)
        else await refuses('missing_role', () => requireRole(subject, asked, ...given))
      }
    })
  }

  it('that are lacking are named', async () => {
    const error = await refuses('missing_role', () => requireRole(subjects({ roles: ['user'] })[0], ['user', 'admin']))
    assert.match(error.message, /admin/)
    assert.match(error.wwwAuthenticate, /error="insufficient_scope"/)
  })

  it('that are none are a mistake and never a yes', async () => {
    for (const subject of [...subjects({ roles: ['', 'user'] }), guest('no_token')]) {
      for (const none of [[], '', [''], ['user', '']]) {
        for (const ask of [hasRole, requireRole]) {
          await refusesOption(optionOf(() => ask(subject, none)), () => ask(subject, none), JSON.stringify(none))
        }
      }
      for (const claimKeys of [[], ['']]) {
        const ask = () => hasRole(subject, 'user', { claimKeys })
        await refusesOption(optionOf(ask), ask, JSON.stringify(claimKeys))
      }
    }
  })
})

describe('a guest', () => {
  it('has no scope and no role', () => {
    for (const reason of ['no_token', 'token_expired', undefined]) {
      assert.equal(hasScopes(guest(reason), 'read'), false)
      assert.equal(hasScopes(guest(reason), ['read'], { mode: 'any' }), false)
      assert.equal(hasRole(guest(reason), 'user'), false)
    }
  })

  it('is told why it is one, where a user is required', async () => {
    for (const [reason, code] of [
      ['no_token', 'missing_token'], [undefined, 'missing_token'], ['token_expired', 'token_expired'],
      ['invalid_signature', 'invalid_signature'], ['claim_rejected', 'claim_rejected'], ['wrong_organization', 'wrong_organization'],
    ]) {
      await refuses(code, () => requireScopes(guest(reason), 'read'), `${reason}`)
      await refuses(code, () => requireRole(guest(reason), 'user'), `${reason}`)
    }
  })

  it('of a real request is such a guest', async () => {
    const expired = issuer.token({ expiresAt: 1_700_000_000 })
    const auth = await verifyAuth({ headers: { authorization: `Bearer ${expired}` } }, { ...options, allowGuest: true })
    assert.equal(hasScopes(auth, 'read:products'), false)
    await refuses('token_expired', () => requireScopes(auth, 'read:products'))
  })
})

describe('a subject', () => {
  it('is a payload although it has claims with the names of a context', () => {
    const claims = { scope: 'read', roles: ['user'], isAuthenticated: true, isGuest: true, payload: { scope: 'admin', roles: ['admin'] } }
    const [payload] = subjects(claims)
    assert.deepEqual([hasScopes(payload, 'read'), hasScopes(payload, 'admin')], [true, false])
    assert.deepEqual([hasRole(payload, 'user'), hasRole(payload, 'admin')], [true, false])
  })

  it('that is missing is never a yes', () => {
    for (const subject of [undefined, null, 'alice', 7, {}, { isAuthenticated: true }, { isAuthenticated: true, payload: undefined }]) {
      for (const ask of [hasScopes, hasRole]) {
        let found
        try {
          found = ask(subject, 'read')
        } catch {
          found = false
        }
        assert.equal(found, false, JSON.stringify(subject))
      }
    }
  })
})

describe('arguments of another type', () => {
  it('are named', async () => {
    const [payload] = subjects({ scope: 'read', roles: ['user'] })
    for (const wrong of [undefined, null, 7, {}, [7], [null], [['read']]]) {
      for (const call of [() => hasScopes(payload, wrong), () => hasRole(payload, wrong)]) {
        await refusesOption(optionOf(call), call, JSON.stringify(wrong))
      }
    }
    for (const claimKeys of ['roles', 7, [7], null]) {
      const call = () => hasRole(payload, 'user', { claimKeys })
      await refusesOption(optionOf(call), call, JSON.stringify(claimKeys))
    }
  })
})

describe('the verdict', () => {
  it('is that of the options requiredScopes and requiredRoles', async () => {
    const token = issuer.token({ scope: 'read:products write:products', claims: { roles: ['user', 'two words'], role: 'editor' } })
    const auth = await verifyAuth(token, options)
    const code = (more) => verifyAuth(token, { ...options, ...more }).then(() => true, ({ code }) => (assert.match(code, /^missing_/), false))
    for (const scopes of [['read:products'], ['read'], ['read:products', 'admin'], ['admin']]) {
      for (const mode of ['all', 'any']) {
        assert.equal(hasScopes(auth, scopes, { mode }), await code({ requiredScopes: scopes, scopeMode: mode }), `${scopes} ${mode}`)
      }
    }
    for (const roles of [['user'], ['editor'], ['user', 'editor'], ['two'], ['two words'], ['admin']]) {
      assert.equal(hasRole(auth, roles), await code({ requiredRoles: roles }), `${roles}`)
    }
  })
})

/** The option that a call complains of: one of those that the functions' arguments correspond to. */
function optionOf(call) {
  try {
    call()
  } catch (error) {
    assert(['scopes', 'role', 'roles', 'claimKeys', 'requiredScopes', 'requiredRoles', 'roleClaimKeys'].includes(error.option), `${error}`)
    return error.option
  }
  assert.fail('it was a yes or a no')
}
