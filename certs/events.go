package certs

// Reasons of Events, all of them Warnings.
const (
	// reasonCertificateNotIssued reports a Certificate whose issuance or renewal fails or is late.
	reasonCertificateNotIssued = "CertificateNotIssued"
	// reasonWebhookNotTrusted reports a webhook that the API server cannot call, because it does not trust what Tanist serves.
	reasonWebhookNotTrusted = "WebhookNotTrusted"
)

// Actions of Events: what Tanist was doing.
const (
	actionCheckCertificate = "CheckCertificate"
	actionCheckTrust       = "CheckTrust"
)
