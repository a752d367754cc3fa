package app

import "github.com/tanist-dev/tanist/reconciler"

// grantsOf returns where pods ask whether they lead.
func grantsOf(o Options, a admission) reconciler.Grants {
	grants := reconciler.Grants{Address: o.GrantsAddress}
	if o.withTokens() {
		grants.TLSAddress, grants.Certificate = o.GrantsTLSAddress, a.serving.GetCertificate
	}
	return grants
}

// grantsHosts returns the names by which pods ask over TLS. The serving certificate must be for them, too.
func grantsHosts(o Options) []string {
	if !o.withTokens() {
		return nil
	}
	service := "tanist-grants." + o.Namespace + ".svc"
	return []string{service, service + ".cluster.local"}
}
