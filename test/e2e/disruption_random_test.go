//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/bench/traffic"
)

// unplannedCost is for how long after a crash or a force delete requests may fail: nobody can know of it before.
const unplannedCost = 2 * time.Second

// TestRandomDisruptions: whatever happens, one after another, nobody's requests fail but right after a crash or a force delete, no
// two pods are ready in a slice, and an Event tells of every move. DISRUPTION_RANDOM is for how long (45s), DISRUPTION_SEED repeats a
// run's choices.
func TestRandomDisruptions(t *testing.T) {
	lasting := setting(t, "DISRUPTION_RANDOM", 45*time.Second, time.ParseDuration)
	seed := setting(t, "DISRUPTION_SEED", rand.Uint64(), func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) })
	t.Logf("DISRUPTION_SEED=%d", seed)
	client := connect(t)
	bothReplicas(t, client)
	c := &chaos{
		stage:  newStage(t, client, true, app{kindDeployment, "web", 3, "200m"}, app{kindStatefulSet, "set", 3, "200m"}),
		random: rand.New(rand.NewPCG(seed, 0)),
	}
	c.keepTwo(t)
	c.prepare(t)
	marks, moved := make([]int, len(c.traffic)), c.recorder.mark()
	for i, client := range c.traffic {
		marks[i] = len(client.after(0))
	}

	steps := []func(*testing.T){c.drainNode, c.cordonNode, c.rollOut, c.deletePod, c.evictPod, c.crashPod, c.forceDeletePod}
	for began := time.Now(); time.Since(began) < lasting; {
		steps[c.random.IntN(len(steps))](t)
		c.settle(t)
	}

	var sum toll
	for i, client := range c.traffic {
		windows := c.windows(t, client, marks[i])
		sum.add(windows)
		c.excused(t, client.name, windows)
	}
	moves := c.recorder.since(moved)
	t.Logf("%d of %d requests failed (%s), longest gap %.0f ms, %d crashes and force deletes, %d moves",
		sum.Failed, sum.Requests, sum.errorKinds(), sum.LongestGapMs, len(c.unplanned), len(moves))
	c.recorder.unbroken(t)
	toldOf(t, client, c.namespace, moves)
}

// chaos is a stage on which anything may happen.
type chaos struct {
	*stage
	random *rand.Rand
	// unplanned are the times of crashes and force deletes.
	unplanned []time.Time
}

// keepTwo gives each app the disruption budget without which a drain may take all its pods at once.
func (c *chaos) keepTwo(t *testing.T) {
	t.Helper()
	one := intstr.FromInt32(1)
	for _, a := range c.apps {
		_, err := c.client.PolicyV1().PodDisruptionBudgets(c.namespace).Create(t.Context(), &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Name: a.name},
			Spec:       policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &one, Selector: &metav1.LabelSelector{MatchLabels: a.labels()}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// excused fails the test for requests that failed at other times than after something unplanned.
func (c *chaos) excused(t *testing.T, name string, windows []traffic.Window) {
	t.Helper()
	for i, window := range windows {
		if window.Fresh.Failed+window.Kept.Failed == 0 {
			continue
		}
		ended := window.Began.Add(time.Second)
		if i+1 < len(windows) {
			ended = windows[i+1].Began
		}
		excuse := false
		for _, at := range c.unplanned {
			excuse = excuse || ended.After(at) && window.Began.Before(at.Add(unplannedCost))
		}
		if !excuse {
			t.Errorf("%s, from %s to %s, nothing unplanned: %+v", name, window.Began.Format(clock), ended.Format(clock), window)
		}
	}
}

func (c *chaos) say(t *testing.T, what string, args ...any) {
	t.Helper()
	t.Logf("%s %s", time.Now().Format(clock), fmt.Sprintf(what, args...))
}

func (c *chaos) app() app { return c.apps[c.random.IntN(len(c.apps))] }

func (c *chaos) node() string { return c.nodes[c.random.IntN(len(c.nodes))] }

// pod is some app's leader, or now and then another of its pods.
func (c *chaos) pod(t *testing.T) (app, *corev1.Pod) {
	t.Helper()
	a := c.app()
	leader := c.leader(t, a)
	if c.random.IntN(4) > 0 {
		return a, leader
	}
	pods, err := c.pods(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return a, &pods[c.random.IntN(len(pods))]
}

func (c *chaos) drainNode(t *testing.T) {
	node := c.node()
	c.say(t, "drain %s", node)
	c.drain(t, node)
	c.uncordon(t, node)
}

// cordonNode takes it back at once, or when the leaders have moved.
func (c *chaos) cordonNode(t *testing.T) {
	node, settled := c.node(), c.random.IntN(2) == 0
	c.say(t, "cordon %s, settle: %t", node, settled)
	run(t, "kubectl", "cordon", node)
	if settled {
		c.settle(t)
	}
	c.uncordon(t, node)
}

func (c *chaos) rollOut(t *testing.T) {
	a := c.app()
	c.say(t, "rollout of %s", a.resource())
	c.kubectl(t, "rollout", "restart", a.resource())
}

func (c *chaos) deletePod(t *testing.T) {
	_, pod := c.pod(t)
	c.say(t, "delete %s", pod.Name)
	c.kubectl(t, "delete", "pod", pod.Name, "--wait=false")
}

func (c *chaos) evictPod(t *testing.T) {
	_, pod := c.pod(t)
	c.say(t, "evict %s", pod.Name)
	await(t, "the budget admits the eviction", patience, func(ctx context.Context) error {
		err := c.client.PolicyV1().Evictions(c.namespace).Evict(ctx, &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: c.namespace},
		})
		if apierrors.IsNotFound(err) {
			return nil // an earlier answer was lost
		}
		return err
	})
}

// crashPod ends its process, and waits until the kubelet has seen it.
func (c *chaos) crashPod(t *testing.T) {
	a, pod := c.pod(t)
	c.say(t, "crash %s", pod.Name)
	c.unplanned = append(c.unplanned, time.Now())
	// It may die before its answer is through.
	_ = c.client.CoreV1().RESTClient().Post().Namespace(c.namespace).Resource("pods").Name(pod.Name + ":8080").
		SubResource("proxy").Suffix("crash").MaxRetries(0).Do(t.Context()).Error()
	restarted := pod.Status.ContainerStatuses[0].RestartCount
	await(t, "it has restarted", patience, func(ctx context.Context) error {
		pods, err := c.pods(ctx, a)
		if err != nil {
			return err
		}
		for _, now := range pods {
			if now.UID == pod.UID && now.Status.ContainerStatuses[0].RestartCount == restarted {
				return fmt.Errorf("not yet: %v", now.Status.ContainerStatuses[0].State)
			}
		}
		return nil
	})
}

func (c *chaos) forceDeletePod(t *testing.T) {
	_, pod := c.pod(t)
	c.say(t, "force delete %s", pod.Name)
	c.unplanned = append(c.unplanned, time.Now())
	c.kubectl(t, "delete", "pod", pod.Name, "--grace-period=0", "--force", "--wait=false")
}
