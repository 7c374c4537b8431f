// Forms that are sent with a passkey: `data-passkey` is the address of the options, and the answer of
// the authenticator goes into the field `response`. Without WebAuthn these forms stay hidden.

/** What went wrong, for people; the names are those of WebAuthn Level 3 §5.1.3 and §5.1.4. */
const reasons = new Map([
  ['NotAllowedError', 'No passkey was used: it was cancelled, or took too long.'],
  ['InvalidStateError', 'This device has a passkey for your account already.'],
  ['SecurityError', 'Passkeys need the dashboard to be opened by a host name, such as localhost.'],
]);

/**
 * @param {PublicKeyCredentialCreationOptionsJSON | PublicKeyCredentialRequestOptionsJSON} options
 * @returns {Promise<Credential | null>}
 */
function ask(options) {
  return 'user' in options
    ? navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
      })
    : navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
      });
}

/** @param {HTMLFormElement} form */
async function sign(form) {
  const answer = await fetch(form.dataset.passkey ?? '', {
    method: 'POST',
    headers: { accept: 'application/json' },
  });
  if (!answer.ok) throw new Error(`the dashboard refused (${answer.status})`);
  const options = /** @type {Parameters<typeof ask>[0]} */ (await answer.json());
  const credential = await ask(options);
  const field = form.elements.namedItem('response');
  if (!(credential instanceof PublicKeyCredential && field instanceof HTMLInputElement)) return;
  field.value = JSON.stringify(credential);
  form.submit();
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  const notice = form.querySelector('[role=alert]');
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    notice?.replaceChildren();
    sign(form).catch((/** @type {unknown} */ failure) => {
      const reason = failure instanceof Error ? reasons.get(failure.name) : undefined;
      notice?.replaceChildren(reason ?? 'That did not work. Try again, or use your password.');
    });
  });
}

if (
  typeof PublicKeyCredential !== 'undefined' &&
  'parseCreationOptionsFromJSON' in PublicKeyCredential
) {
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    if (form instanceof HTMLFormElement) prepare(form);
  }
}
