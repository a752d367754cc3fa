//go:build integration

package integration_test

import (
	"fmt"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
)

// results are the rows of a table of hand-overs by Service, without what differs from run to run.
func results(out string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(out) {
		if cells := strings.Fields(line); len(cells) > 4 && cells[0] != "NAMESPACE" {
			all[cells[1]], _, _ = strings.Cut(strings.Join(cells[2:], " "), " in ")
		}
	}
	return all
}

func TestHandoverMovesAllLeadersOffANode(t *testing.T) {
	installation := newTanist(t)
	installation.tune("")
	installation.startElected()
	s := newNamespace(t)
	node := s.withNode("full")
	for _, service := range []string{"web", "api", "db"} {
		s.withService(service)
		s.withReadyPod(service, service+"-1", onNode(node))
		s.leads(service, service+"-1")
	}
	s.withReadyPod("web", "web-2", onNode(node))
	s.withReadyPod("web", "web-3")
	s.withReadyPod("api", "api-2")
	s.withReadyPod("db", "db-2", onNode(node))
	s.follows("web-leader", "web-1", "web-3")
	s.follows("api-leader", "api-1", "api-2")
	user := kubectl{namespace: s.namespace}
	args := []string{"--node", node, "--tanist-namespace", installation.namespace}

	want := map[string]string{"web": "web-1 web-3 √ can be moved", "api": "api-1 api-2 √ can be moved", "db": "db-1 <none> × it has no pod on another node"}
	out, stderr, err := user.run(t, newHandover, append(args, "--dry-run")...)
	if err == nil || err.Error() != fmt.Sprintf("1 of 3 leaders could not be moved off node %s", node) || fmt.Sprint(results(out)) != fmt.Sprint(want) {
		t.Errorf("got %v, %s", err, out)
	}
	if want := fmt.Sprintf("Note: node %s is not cordoned, so pods and leaders may come back: kubectl cordon %s\n", node, node); stderr != want {
		t.Errorf("got %s, want %s", stderr, want)
	}
	s.leads("web", "web-1")

	want["web"], want["api"] = "web-1 web-3 √ moved", "api-1 api-2 √ moved"
	out, _, err = user.run(t, newHandover, append(args, "--parallel", "2")...)
	if err == nil || err.Error() != fmt.Sprintf("leaders are still on node %s: 1", node) || fmt.Sprint(results(out)) != fmt.Sprint(want) {
		t.Errorf("got %v, %s", err, out)
	}
	s.leads("web", "web-3")
	s.leads("api", "api-2")
	s.prefers("web", "")
	s.prefers("api", "")

	s.withReadyPod("db", "db-3")
	out, _, err = user.run(t, newHandover, args...)
	if err != nil || !strings.HasSuffix(out, fmt.Sprintf("No leader is left on node %s.\n", node)) {
		t.Errorf("got %v, %s", err, out)
	}
	s.leads("db", "db-3")
	out, _, err = user.run(t, newHandover, args...)
	if err != nil || out != fmt.Sprintf("No leader is on node %s.\n", node) {
		t.Errorf("got %v, %s", err, out)
	}
}

func TestHandoverAsADryRun(t *testing.T) {
	installation := newTanist(t)
	installation.tune("")
	installation.startElected()
	s, first := pair(t)
	s.follows("web-leader", "a", "b")
	args := []string{"web", "--dry-run", "--tanist-namespace", installation.namespace}
	out, stderr, err := kubectl{namespace: s.namespace}.run(t, newHandover, args...)
	want := `web: b would lead after a (dry run)
√ the Service and its namespace have opted in
√ the Service has a leader Service
√ a leads, and b is to follow
√ pod b is selected by the Service and ready
√ no other pod is the preferred leader
√ by Tanist's rules, b takes over when it is preferred
√ a replica of Tanist holds the Lease, and so makes the move
√ you may watch EndpointSlices, to see when it leads
√ the API server accepts the annotation from you
`
	if err != nil || stderr != "" || out != want {
		t.Errorf("got %v, %s, %s", err, stderr, out)
	}

	s.allow("reader", rbacv1.PolicyRule{
		APIGroups: []string{"", "discovery.k8s.io"}, Resources: []string{"services", "endpointslices"}, Verbs: []string{"get", "list", "watch"},
	})
	out, _, err = kubectl{namespace: s.namespace, user: "reader"}.run(t, newHandover, args...)
	want = fmt.Sprintf(`web: no hand-over (dry run)
√ the Service and its namespace have opted in
√ the Service has a leader Service
√ a leads, and b is to follow
- pod b is selected by the Service and ready (not checked: you may not read pods)
√ no other pod is the preferred leader
- by Tanist's rules, b takes over when it is preferred (not checked: you may not read pods)
- a replica of Tanist holds the Lease, and so makes the move (not checked: you may not read Leases of namespace %s)
√ you may watch EndpointSlices, to see when it leads
× failed to annotate Service: services "web" is forbidden: User "reader" cannot patch resource "services" in API group "" in the namespace "%s"
`, installation.namespace, s.namespace)
	if err == nil || err.Error() != "the hand-over would fail" || out != want {
		t.Errorf("got %v, %s", err, out)
	}
	s.stays("web", first)
}
