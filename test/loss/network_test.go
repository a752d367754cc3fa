//go:build e2e

package loss

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/test/env"
)

// rules drop all packets that come in or go out by the links in two sets. A link leaves its set by itself when its time is over, so that
// a cut lasts exactly as long as it should, whatever else this machine does.
const rules = `add table inet loss; delete table inet loss; add table inet loss;
add set inet loss in { type ifname; flags timeout; }; add set inet loss out { type ifname; flags timeout; };
add chain inet loss pre { type filter hook prerouting priority -400; }; add rule inet loss pre iifname @in drop;
add chain inet loss post { type filter hook postrouting priority 400; }; add rule inet loss post oifname @out drop;
add set inet loss reached { type ipv4_addr; flags dynamic; }; add chain inet loss forward { type filter hook forward priority 0; };
add chain inet loss deny { type filter hook prerouting priority -399; };
add chain inet loss tracked { type filter hook prerouting priority -150; }`

// direction is which packets a cut drops.
type direction string

const (
	in  direction = "in"
	out direction = "out"
)

// prepareRules makes the table in a node's network.
func prepareRules(t *testing.T, node string) {
	t.Helper()
	if err := env.InNode(t.Context(), node, "nft", rules); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.InNode(context.WithoutCancel(t.Context()), node, "nft", "add table inet loss; delete table inet loss"); err != nil {
			t.Errorf("failed to remove the rules: %v", err)
		}
	})
}

// cutting cuts a node from the network; for a time, or, if that is zero, until the end.
func cutting(node func(s *scene) string, lasts time.Duration, directions ...direction) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		name := node(s)
		prepareRules(t, name)
		element, cut, healed := "eth0", "", ""
		if lasts > 0 {
			element = fmt.Sprintf("eth0 timeout %dms", lasts.Milliseconds())
		}
		for _, d := range directions {
			cut += fmt.Sprintf("add element inet loss %s { %s }; ", d, element)
			healed += fmt.Sprintf("flush set inet loss %s; ", d)
		}
		return nft(name, cut), nft(name, healed)
	}
}

// cuttingAll cuts several nodes from the network at once, both ways.
func cuttingAll(nodes func(t *testing.T, s *scene) []string) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		var injects, ends []step
		for _, name := range nodes(t, s) {
			inject, end := cutting(func(*scene) string { return name }, 0, in, out)(t, s)
			injects, ends = append(injects, inject), append(ends, end)
		}
		return all(injects), all(ends)
	}
}

// half is half of the nodes, with the leader's first. Some replicas are on them, or none.
func half(alsoOn func(s *scene) []string) func(t *testing.T, s *scene) []string {
	return func(t *testing.T, s *scene) []string {
		t.Helper()
		chosen := append([]string{leadersNode(s)}, alsoOn(s)...)
		var observers []string
		for _, pod := range s.replicas.all() {
			observers = append(observers, pod.Spec.NodeName)
		}
		for _, node := range s.nodes {
			if len(chosen) < len(s.nodes)/2 && !slices.Contains(chosen, node.Name) && !slices.Contains(observers, node.Name) {
				chosen = append(chosen, node.Name)
			}
		}
		if len(chosen) != len(s.nodes)/2 {
			t.Fatalf("there are only %v", chosen)
		}
		return chosen
	}
}

func noReplicas(*scene) []string { return nil }

func aReplica(s *scene) []string { return []string{s.replicas.others[0].Spec.NodeName} }

func leadersNode(s *scene) string { return s.leader.Spec.NodeName }

func replicasNode(s *scene) string { return oneReplica(s)[0].Spec.NodeName }

// nft changes the rules in a node's network.
func nft(node, change string) step {
	return func(ctx context.Context) error { return env.InNode(ctx, node, "nft", change) }
}

// dropping adds a rule to a chain of a node's network.
func dropping(node func(s *scene) string, chain, match string) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		name := node(s)
		prepareRules(t, name)
		return nft(name, fmt.Sprintf("add rule inet loss %s %s drop", chain, match)), nft(name, "flush chain inet loss "+chain)
	}
}

// partOfPackets matches this percentage of what comes in.
func partOfPackets(percent int) string {
	return fmt.Sprintf("iifname eth0 numgen random mod 100 < %d", percent)
}

// newConnections matches what comes in and belongs to none that is known, as on a node whose table of connections is full.
const newConnections = "iifname eth0 ct state new"

// partFrom cuts the leader's node off from the nodes of some replicas, and from no other.
func partFrom(chosen func(s *scene) []corev1.Pod) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		var from []string
		for _, pod := range chosen(s) {
			from = append(from, pod.Status.HostIP, pod.Status.PodIP)
		}
		if len(from) == 0 {
			t.Fatal("there is no such replica")
		}
		return dropping(leadersNode, "deny", fmt.Sprintf("ip saddr { %s }", strings.Join(from, ", ")))(t, s)
	}
}

func theHolder(s *scene) []corev1.Pod { return []corev1.Pod{s.replicas.holder} }

// elsewhere are the replicas on other nodes than the leader's.
func elsewhere(s *scene) (found []corev1.Pod) {
	for _, pod := range s.replicas.all() {
		if pod.Spec.NodeName != leadersNode(s) {
			found = append(found, pod)
		}
	}
	return found
}

// denying drops the packets of Tanist's replicas to what each match says.
func denying(nodes func(s *scene) []string, matches ...func(s *scene, node string) string) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		var from []string
		for _, pod := range s.replicas.all() {
			from = append(from, pod.Status.PodIP)
		}
		var injects, ends []step
		for _, node := range nodes(s) {
			prepareRules(t, node)
			rule := ""
			for _, match := range matches {
				rule += fmt.Sprintf("add rule inet loss deny ip saddr { %s } %s drop; ", strings.Join(from, ", "), match(s, node))
			}
			injects = append(injects, nft(node, rule))
			ends = append(ends, nft(node, "flush chain inet loss deny"))
		}
		return all(injects), all(ends)
	}
}

func all(steps []step) step {
	return func(ctx context.Context) error {
		var failed []error
		for _, one := range steps {
			failed = append(failed, one(ctx))
		}
		return errors.Join(failed...)
	}
}

func toPod(s *scene, _ string) string { return "ip daddr " + s.leader.Status.PodIP }

func toKubelet(s *scene, node string) string {
	return "ip daddr " + s.addressOf(node) + " tcp dport 10250"
}

func ofLeader(s *scene) []string { return []string{s.leader.Spec.NodeName} }

func everyNode(s *scene) (names []string) {
	for _, node := range s.nodes {
		names = append(names, node.Name)
	}
	return names
}
