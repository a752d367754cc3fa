package doctor

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/tanist-dev/tanist/deploy"
)

func TestTheRightsOfTheManifest(t *testing.T) {
	type attributes = authorizationv1.ResourceAttributes
	all, err := rightsIn(deploy.InstallYAML, "elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []attributes{
		{Verb: "watch", Resource: "pods"},
		{Verb: "delete", Group: "discovery.k8s.io", Resource: "endpointslices"},
		{Verb: "list", Group: "admissionregistration.k8s.io", Resource: "validatingwebhookconfigurations", Name: "elsewhere-tanist"},
		{Verb: "patch", Resource: "configmaps", Name: "tanist-state", Namespace: "elsewhere"},
	} {
		if !slices.Contains(all, want) {
			t.Errorf("%s is missing", describeRight(want))
		}
	}
	for _, right := range all {
		if right.Verb == "" || right.Resource == "" {
			t.Errorf("got %+v", right)
		}
	}
}

func TestRightsIn(t *testing.T) {
	const manifest = `
kind: Role
metadata: {name: bound}
rules:
- {apiGroups: [""], resources: [pods/eviction], resourceNames: [a, tanist-system-b], verbs: [create]}
---
kind: ClusterRole
metadata: {name: unbound}
rules:
- {apiGroups: [""], resources: [nodes], verbs: [get]}
---
kind: RoleBinding
roleRef: {kind: Role, name: bound}
`
	got, err := rightsIn([]byte(manifest), "x")
	if err != nil {
		t.Fatal(err)
	}
	want := []authorizationv1.ResourceAttributes{
		{Namespace: "x", Verb: "create", Resource: "pods", Subresource: "eviction", Name: "a"},
		{Namespace: "x", Verb: "create", Resource: "pods", Subresource: "eviction", Name: "x-b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected rights (-want +got):\n%s", diff)
	}
	if _, err := rightsIn([]byte("kind: ["), "x"); err == nil {
		t.Error("got no error for a wrong manifest")
	}
}

func TestTheRightsOfAnInstallationForSomeNamespaces(t *testing.T) {
	type attributes = authorizationv1.ResourceAttributes
	got := limited([]attributes{
		{Verb: "list", Resource: "nodes"},
		{Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Name: "tanist"},
		{Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Namespace: "own"},
		{Verb: "watch", Group: "coordination.k8s.io", Resource: "leases"},
		{Verb: "patch", Resource: "services", Subresource: "status"},
		{Verb: "watch", Resource: "pods"},
	}, []string{"shop", "bank"}, "own")
	want := []attributes{
		{Verb: "list", Resource: "nodes"},
		{Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Name: "tanist"},
		{Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Namespace: "own"},
		{Verb: "watch", Group: "coordination.k8s.io", Resource: "leases", Namespace: "shop"},
		{Verb: "watch", Group: "coordination.k8s.io", Resource: "leases", Namespace: "bank"},
		{Verb: "patch", Resource: "services", Subresource: "status", Namespace: "shop"},
		{Verb: "patch", Resource: "services", Subresource: "status", Namespace: "bank"},
		{Verb: "watch", Resource: "pods", Namespace: "shop"},
		{Verb: "watch", Resource: "pods", Namespace: "bank"},
		{Verb: "watch", Resource: "pods", Namespace: "own"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected rights (-want +got):\n%s", diff)
	}
}
