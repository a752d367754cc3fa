//go:build integration

package integration_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// What a round of the convergence test changes.

// act makes one random change, and returns what it was.
func (c *convergence) act() string {
	l := c.services[c.random.IntN(len(c.services))]
	switch n := c.random.IntN(100); {
	case n < 10 || len(l.pods) < 2:
		return "a pod more: " + c.addPod(l)
	case n < 45:
		return "readiness: " + c.changeReadiness(l)
	case n < 52:
		return "deletion begins: " + c.removePod(l, c.terminate)
	case n < 59:
		return "killed: " + c.removePod(l, c.kill)
	case n < 63:
		pod := c.pickPod(l)
		c.condition(pod, "DisruptionTarget", []string{"True", "False"}[c.random.IntN(2)])
		return "disruption of " + pod
	case n < 78:
		return "annotation: " + c.changeAnnotation(l)
	case n < 82:
		return "ports: " + c.changePorts(l)
	case n < 89:
		return "someone edits: " + c.editSlice(l)
	case n < 95:
		return "someone edits: " + c.editLeaderService(l)
	default:
		return "replica: " + c.changeReplica()
	}
}

func (c *convergence) pickPod(l *convergingService) string { return l.pods[c.random.IntN(len(l.pods))] }

func (c *convergence) addPod(l *convergingService) string {
	if len(l.pods) >= 6 {
		c.removePod(l, c.kill)
	}
	c.pods++
	name := fmt.Sprint(l.name, "-", c.pods)
	c.withReadyPod(l.name, name)
	l.pods = append(l.pods, name)
	return name
}

func (c *convergence) removePod(l *convergingService, remove func(string)) string {
	pod := c.pickPod(l)
	remove(pod)
	l.pods = slices.DeleteFunc(l.pods, func(other string) bool { return other == pod })
	return pod
}

func (c *convergence) changeReadiness(l *convergingService) string {
	pod := c.pickPod(l)
	if c.random.IntN(2) == 0 {
		c.notReady(pod)
		return pod + " is not ready"
	}
	c.readyAgain(pod)
	return pod + " is ready"
}

// changeAnnotation writes an annotation, which admission would let through or not.
func (c *convergence) changeAnnotation(l *convergingService) string {
	choices := [][2]string{
		{config.StickyKey, "false"}, {config.StickyKey, "true"}, {config.StickyKey, "perhaps"},
		{config.StrategyKey, "newest"}, {config.StrategyKey, "newst"}, {config.StrategyKey, "ordinal"}, {config.StrategyKey, ""},
		{config.PreferredLeaderKey, c.pickPod(l)}, {config.PreferredLeaderKey, "Nobody"}, {config.PreferredLeaderKey, ""},
		{config.NotReadyGraceKey, "1s"}, {config.NotReadyGraceKey, "soon"}, {config.NotReadyGraceKey, ""},
		{config.MinReadyKey, "1s"}, {config.MinReadyKey, "-1s"}, {config.MinReadyKey, ""},
	}
	choice := choices[c.random.IntN(len(choices))]
	l.waits = l.waits || choice[1] == "1s" // also when a wrong value replaces it
	c.annotate(l.name, choice[0], choice[1])
	return fmt.Sprintf("%s has %s=%q", l.name, choice[0], choice[1])
}

// changePorts changes a port, and sometimes adds one that no pod has.
func (c *convergence) changePorts(l *convergingService) string {
	ports := fmt.Sprintf(`{"name":"http","port":%d,"targetPort":"web"}`, 1000+c.random.IntN(1000))
	if c.random.IntN(2) == 0 {
		ports += `,{"name":"admin","port":9000,"targetPort":"admin"}`
	}
	c.patchService(l.name, `{"spec":{"ports":[`+ports+`]}}`)
	return l.name + " has " + ports
}

// editSlice changes or deletes one of a leader Service's slices, as a user might.
func (c *convergence) editSlice(l *convergingService) string {
	name, address := l.leaderService()+"-ipv4", "10.66.0.1"
	if l.dual && c.random.IntN(2) == 0 {
		name, address = l.leaderService()+"-ipv6", "fd00:66::1"
	}
	term := leadershipOf(history.slice(c.namespace, name)).Term
	annotate := func(key, value string) string { return fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, key, value) }
	label := func(key, value string) string { return fmt.Sprintf(`{"metadata":{"labels":{%q:%s}}}`, key, value) }
	choices := []string{
		"delete", `{"endpoints":[]}`,
		`{"endpoints":[{"addresses":["` + address + `"],"conditions":{"ready":true},"targetRef":{"kind":"Pod","name":"x","uid":"x"}}]}`,
		annotate(config.TermKey, strconv.Quote("1")), annotate(config.TermKey, "null"), annotate(config.TermKey, strconv.Quote("-5")),
		annotate(config.TermKey, strconv.Quote("9223372036854775807")), annotate(config.TermKey, strconv.Quote("many")),
		annotate(config.TermKey, fmt.Sprintf("%q", fmt.Sprint(term+3))), annotate(config.LeaderKey, strconv.Quote("x")),
		annotate(config.LeaderSinceKey, "null"), annotate(config.ReasonKey, strconv.Quote("Mine")),
		label(config.ManagedByKey, strconv.Quote("platform")), label(config.SourceServiceKey, "null"),
		label(discoveryv1.LabelManagedBy, "null"),
	}
	return c.edit("EndpointSlice", name, choices[c.random.IntN(len(choices))])
}

// editLeaderService changes or deletes a leader Service, as a user might.
func (c *convergence) editLeaderService(l *convergingService) string {
	choices := []string{
		"delete",
		`{"metadata":{"annotations":{"tanist.dev/term":"1"}}}`, `{"metadata":{"annotations":{"tanist.dev/leader":null}}}`,
		`{"metadata":{"annotations":{"tanist.dev/successor":"x"}}}`,
		`{"metadata":{"labels":{"app.kubernetes.io/managed-by":"platform"}}}`, `{"metadata":{"labels":{"tanist.dev/source-service":null}}}`,
		`{"spec":{"ports":[{"name":"x","port":1}]}}`, `{"spec":{"selector":{"app":"` + l.name + `"}}}`,
	}
	did := c.edit("Service", l.leaderService(), choices[c.random.IntN(len(choices))])
	return did
}

// edit patches or deletes an object that may not exist.
func (c *convergence) edit(kind, name, what string) string {
	ctx, body := c.t.Context(), []byte(what)
	services, endpointSlices := clientset.CoreV1().Services(c.namespace), clientset.DiscoveryV1().EndpointSlices(c.namespace)
	var object metav1.Object
	var err error
	switch {
	case what == "delete" && kind == "Service":
		err = services.Delete(ctx, name, metav1.DeleteOptions{})
	case what == "delete":
		err = endpointSlices.Delete(ctx, name, metav1.DeleteOptions{})
	case kind == "Service":
		_, err = services.Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{})
	default:
		object, err = endpointSlices.Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{})
	}
	if apierrors.IsNotFound(err) {
		return name + " is not there"
	}
	if err != nil {
		c.t.Fatalf("failed to edit %s %s with %s: %v", kind, name, what, err)
	}
	if object != nil {
		c.foreign[object.GetResourceVersion()] = true
	}
	return name + ": " + what
}

// changeReplica starts a replica that does not run yet, or restarts one. It does neither while a slice's term is lowered: only the
// replicas that run remember the right term, and they correct it first.
func (c *convergence) changeReplica() string {
	if len(c.termsLowered()) > 0 {
		return "not now"
	}
	i := c.random.IntN(len(c.replicas))
	p := c.replicas[i]
	if p.replica != nil {
		if !slices.ContainsFunc(c.replicas, func(other *differingReplica) bool { return other != p && other.replica != nil }) {
			return "it is the only one"
		}
		p.stop()
	}
	c.start(p)
	return fmt.Sprint("start of ", i)
}

// termsLowered returns the slices with a lower term than Tanist has written.
func (c *convergence) termsLowered() []string {
	highest := map[string]int64{}
	for _, v := range history.all("EndpointSlice", c.namespace) {
		slice, ok := v.object.(*discoveryv1.EndpointSlice)
		// Kubernetes' own controllers copy a leader Service's annotations while that has a selector; their slices have other names.
		if !ok || !strings.HasSuffix(v.key, config.LeaderServiceSuffix+"-ipv4") && !strings.HasSuffix(v.key, config.LeaderServiceSuffix+"-ipv6") {
			continue
		}
		switch {
		case v.gone:
			highest[v.key] -= lostWithSlice
		case !c.foreign[slice.ResourceVersion]:
			highest[v.key] = max(highest[v.key], leadershipOf(slice).Term)
		}
	}
	var lowered []string
	for key, term := range highest {
		namespace, name, _ := strings.Cut(key, "/")
		current := latest[*discoveryv1.EndpointSlice](history, "EndpointSlice", namespace, name)
		switch {
		case current == nil:
			lowered = append(lowered, key+" is gone")
		case leadershipOf(current).Term < term:
			lowered = append(lowered, fmt.Sprintf("%s says %d after %d", key, leadershipOf(current).Term, term))
		}
	}
	slices.Sort(lowered)
	return lowered
}
