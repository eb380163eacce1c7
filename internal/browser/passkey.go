package browser

import (
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
)

// Authenticator is a device for passkeys that the browser pretends to have.
type Authenticator struct {
	b  *Tab
	id webauthn.AuthenticatorID
}

// Authenticator gives the tab a device with a fingerprint reader that always
// recognises its person, and keeps passkeys that a page can find by itself.
func (b *Tab) Authenticator() *Authenticator {
	b.t.Helper()
	command(b, webauthn.Enable, webauthn.EnableParams{})
	got := command(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	return &Authenticator{b, got.AuthenticatorID}
}

// Credentials lists the device's passkeys.
func (a *Authenticator) Credentials() []*webauthn.Credential {
	a.b.t.Helper()
	return command(a.b, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: a.id}).Credentials
}

// Put puts a passkey back as it was, its counter included: as somebody would who
// made a copy of the device.
func (a *Authenticator) Put(c *webauthn.Credential) {
	a.b.t.Helper()
	command(a.b, webauthn.RemoveCredential, webauthn.RemoveCredentialParams{AuthenticatorID: a.id, CredentialID: c.CredentialID})
	// The protocol's own type sends a field that this kind of device refuses.
	add := cdp.Command[map[string]any, cdp.Empty]{Method: webauthn.CommandAddCredential}
	command(a.b, add, map[string]any{"authenticatorId": a.id, "credential": map[string]any{
		"credentialId": c.CredentialID, "isResidentCredential": c.IsResidentCredential, "rpId": c.RpID, "privateKey": c.PrivateKey, "userHandle": c.UserHandle, "signCount": c.SignCount,
	}})
}

// Verified says whether the device recognises its person from now on.
func (a *Authenticator) Verified(yes bool) {
	a.b.t.Helper()
	command(a.b, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: a.id, IsUserVerified: yes})
}
