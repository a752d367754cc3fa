//go:build bench

package bench

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	handOvers = flag.Int("handovers", 100, "how many hand-overs are measured: while nothing else happens, or during each attack and as many without it")
	chosen    = flag.String("attacks", "", "the names of the attacks, separated by commas; all if empty")
	rateLimit = flag.Float64("rate", 0, "how many calls an attacker begins in a second; 0 for as many as it can")
)

const (
	// turns is how often quiet and the attack take turns.
	turns = 2
	// attackAtLeast is how long the attack goes on in each turn, even if all hand-overs are over.
	attackAtLeast = 10 * time.Second
	// recovery is how long nothing happens after an attack, so that its consequences are over.
	recovery = 3 * time.Second
)

// attack is what somebody does to Tanist, with the rights of an account in its own namespace, or with none.
type attack struct {
	// name is the name in the flag, and what is the first cell of its row in the table.
	name, what string
	// optsIn says when the attacker's namespace opts in.
	optsIn moment
	// prepare is done before the attack, act until ctx ends. Without an account, the attacker has no client.
	account bool
	prepare func(context.Context, *attacker) error
	act     func(context.Context, *attacker)
}

type moment int

const (
	never moment = iota
	beforePreparing
	afterPreparing
)

var attacks = []attack{
	{name: "forge", what: "reviews without the secret, to the webhooks' port", act: forgeReviews},
	{name: "large-post", what: "POSTs of 6.6 MB to the webhooks' port", act: postLarge},
	{name: "stall", what: "ten uploads to the webhooks' port that do not go on", act: stallUploads},
	{name: "metrics", what: "reads of the metrics without a valid token", act: readMetrics},
	{name: "connections", what: "connections to both ports that do not go on", act: holdConnections},
	{
		name: "moves", what: "a huge term and two preferred leaders, with `patch services`",
		account: true, optsIn: beforePreparing, prepare: prepareMoves, act: moveLeaders,
	},
	{
		name: "annotations", what: "a Service with 4,000 wrong annotations whose labels change",
		account: true, optsIn: afterPreparing, prepare: prepareWrong, act: patchLabels,
	},
	{
		name: "large-services", what: "dry runs of Services with a megabyte of labels",
		account: true, optsIn: beforePreparing, act: tryLargeServices,
	},
	{name: "large-pods", what: "200 pods with a megabyte of labels, not opted in", account: true, act: createLargePods},
	{
		name: "flap", what: "200 Services over two pods whose readiness changes",
		account: true, optsIn: beforePreparing, prepare: prepareFlapping, act: flap,
	},
}

func attackNamed(name string) attack {
	return attacks[slices.IndexFunc(attacks, func(a attack) bool { return a.name == name })]
}

// chosenAttacks are those that the flag names.
func chosenAttacks(t *testing.T) (all []attack) {
	t.Helper()
	if *chosen == "" {
		return attacks
	}
	for name := range strings.SplitSeq(*chosen, ",") {
		if !slices.ContainsFunc(attacks, func(a attack) bool { return a.name == name }) {
			t.Fatalf("there is no attack %q", name)
		}
		all = append(all, attackNamed(name))
	}
	return all
}

// TestAttacks measures what attacks cost a replica, and what the neighbours of the attacker notice of them.
func TestAttacks(t *testing.T) {
	if knows := os.Getenv(attackVariable); knows != "" {
		attackHere(t, knows)
		return
	}
	all := chosenAttacks(t)
	client, nodes := connect(t)
	m := &measurement{target: newTarget(t, client), node: nodes[0]}
	m.led, m.floors = newNeighbours(m.installation)
	fmt.Fprint(t.Output(), attackHeader)
	for _, attack := range all {
		fmt.Fprint(t.Output(), m.measure(attack).row(attack.what, m.memoryLimit))
	}
}

// measurement is one run.
type measurement struct {
	*target
	node        string
	led, floors []*neighbour
}

// measure measures an attack in turns with quiet.
func (m *measurement) measure(attack attack) (c comparison) {
	m.t.Helper()
	for turn := range turns {
		fmt.Fprintf(os.Stderr, "%s: %d of %d\n", attack.name, turn+1, turns)
		c.quiet.add(m.handOver(0))

		namespace, p := m.prepare(attack, turn)
		for _, r := range m.replicas {
			m.must(r.resetPeak())
		}
		before := m.unasked()
		p.begin()
		attacked := m.handOver(attackAtLeast)
		attacked.sent = p.end()
		m.must(pause(m.t.Context(), recovery))
		attacked.unasked = m.unasked() - before
		c.attacked.add(attacked)
		if namespace != "" {
			m.remove(namespace)
			m.must(pause(m.t.Context(), recovery))
		}
	}
	return c
}

// prepare creates what the attacker has, and starts it.
func (m *measurement) prepare(attack attack, turn int) (namespace string, p *process) {
	m.t.Helper()
	knows := attackerKnows{
		Rate:   *rateLimit,
		Attack: attack.name, Webhooks: fmt.Sprintf("127.0.0.1:%d", m.webhookPort), Metrics: m.replicas[0].metrics,
		Victim: m.led[0].namespace, Node: m.node,
	}
	leader, _ := m.led[0].steady()
	knows.Pod = leader.Name
	if attack.account {
		namespace = fmt.Sprintf("attacker-%s-%d", attack.name, turn)
		m.createNamespace(namespace, attack.optsIn == beforePreparing)
		knows.Namespace, knows.Kubeconfig = namespace, m.tenant(namespace)
	}
	p = startAttacker(m.t, knows)
	if attack.optsIn == afterPreparing {
		m.optIn(namespace)
	}
	return namespace, p
}

// handOver hands over leaders of Tanist's and of the floor's by turns, for at least a time.
func (m *measurement) handOver(atLeast time.Duration) (p phase) {
	m.t.Helper()
	before, logged := m.samples(), m.logs.lines.Load()
	began := time.Now()
	for i := 0; i < (*handOvers+turns-1)/turns || time.Since(began) < atLeast; i++ {
		p.took = append(p.took, m.led[i%neighbours].handOver())
		p.floor = append(p.floor, m.floors[i%neighbours].handOver())
	}
	p.lasted, p.logged = time.Since(began), m.logs.lines.Load()-logged
	for i, after := range m.samples() {
		used := after.since(before[i])
		p.cpu = max(p.cpu, used.cpu)
		p.peak = max(p.peak, used.peak*1024)
		p.refused += used.refused
	}
	return p
}

// unasked is how often a leader of a neighbour moved although nobody asked for it.
func (m *measurement) unasked() (n int) {
	for _, neighbour := range m.led {
		n += neighbour.unasked()
	}
	return n
}

func (m *measurement) samples() (samples []sample) {
	m.t.Helper()
	for _, r := range m.replicas {
		s, err := r.sample(m.t.Context())
		m.must(err)
		samples = append(samples, s)
	}
	return samples
}
