// Command cert-manager runs cert-manager's own controllers and CA injector, from its Go module and without an image, so that
// a chart whose certificates come from cert-manager is tested with the real one.
//
// It issues from SelfSigned and CA issuers, namespaced or cluster-wide, approves every CertificateRequest as cert-manager does
// by default, and injects CA bundles into webhook configurations, APIServices and CRDs. The cluster program starts one of it
// per cluster, as an administrator; /readyz on -listen says when every informer has synced.
//
// The CRDs must be served before it starts. They are the files deploy/crds/*.yaml of the module
// github.com/cert-manager/cert-manager:
//
//	kubectl apply --server-side -f "$(go list -m -f '{{.Dir}}' github.com/cert-manager/cert-manager)/deploy/crds"
//	kubectl wait --for=condition=Established crd --all
//
// It has no leader election, no metrics, no validating webhook and none of the ACME, Vault, Venafi, Ingress and Gateway parts.
package main
