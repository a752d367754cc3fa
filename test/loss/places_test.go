//go:build e2e

package loss

import "testing"

// anyNode is another node in each round.
func anyNode(_ *testing.T, b *testbed, round int) string { return b.nodes[round%len(b.nodes)].Name }

// apart is a node without a replica of Tanist. If there is none, it is one without the replica that holds the Lease.
func apart(t *testing.T, b *testbed, _ int) string {
	t.Helper()
	found := replicas(t, b.client)
	others := map[string]bool{}
	for _, pod := range found.others {
		others[pod.Spec.NodeName] = true
	}
	second := ""
	for _, node := range b.nodes {
		switch {
		case node.Name == found.holder.Spec.NodeName:
		case others[node.Name]:
			second = node.Name
		default:
			return node.Name
		}
	}
	if second == "" {
		t.Fatal("all nodes have the replica that holds the Lease")
	}
	return second
}

// withHolder is the node of the replica that holds the Lease.
func withHolder(t *testing.T, b *testbed, _ int) string {
	t.Helper()
	return replicas(t, b.client).holder.Spec.NodeName
}

// withOther is the node of a replica that does not hold the Lease.
func withOther(t *testing.T, b *testbed, _ int) string {
	t.Helper()
	found := replicas(t, b.client)
	for _, pod := range found.others {
		if pod.Spec.NodeName != found.holder.Spec.NodeName {
			return pod.Spec.NodeName
		}
	}
	t.Fatal("all replicas are on one node")
	return ""
}
