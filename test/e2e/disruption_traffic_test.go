//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/traffic"
)

// New connections a second from the host and from each node's pod, for all Services together: well below where a client's own
// source ports run out (traffic.MaxRate). Requests on a kept connection come on top.
const (
	rateFromHost = 100
	rateFromNode = 60
)

// trafficClient is what one client of one leader Service saw so far.
type trafficClient struct {
	name    string
	mu      sync.Mutex
	windows []traffic.Window
	err     error
}

// add takes in a window; one that was read before, after a broken connection, is left out.
func (c *trafficClient) add(window traffic.Window) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.windows); n == 0 || window.Number > c.windows[n-1].Number {
		c.windows = append(c.windows, window)
	}
	return nil
}

func (c *trafficClient) after(mark int) []traffic.Window {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.windows[mark:])
}

func (c *trafficClient) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *trafficClient) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// remembered is for how many windows, of a second each, a failure is: a connection that a server has reset leads whoever gets its port
// to the pod that is gone for as long as Linux' connection tracking keeps it, ten seconds.
const remembered = 12

// flows says what is missing until the latest windows are of requests of both kinds that all succeeded, and none before them failed
// that may make later ones fail.
func (c *trafficClient) flows() error {
	if err := c.failed(); err != nil {
		return err
	}
	windows := c.after(0)
	if len(windows) < 2 {
		return fmt.Errorf("client %s has said nothing yet", c.name)
	}
	for i, window := range windows[max(len(windows)-remembered, 0):] {
		silent := window.Fresh.OK == 0 || window.Kept.OK == 0
		if latest := i >= min(len(windows), remembered)-2; latest && silent || window.Fresh.Failed+window.Kept.Failed > 0 {
			return fmt.Errorf("client %s: %+v", c.name, window)
		}
	}
	return nil
}

// fromHost starts a client in this process.
func fromHost(ctx context.Context, name string, config traffic.Config) *trafficClient {
	client := &trafficClient{name: name}
	go func() {
		client.fail(errors.Join(errors.New("the client on the host has ended"), traffic.Send(ctx, config, client.add)))
	}()
	return client
}

// fromContainer reads a client in a pod.
func fromContainer(ctx context.Context, api kubernetes.Interface, pod *corev1.Pod, container string) *trafficClient {
	client := &trafficClient{name: container + " on " + pod.Spec.NodeName}
	go wait.UntilWithContext(ctx, func(ctx context.Context) {
		// A container that has not started has no log, and a stream may break: the next one begins with what is known.
		_ = client.read(ctx, api, pod, container)
	}, 500*time.Millisecond)
	return client
}

func (c *trafficClient) read(ctx context.Context, api kubernetes.Interface, pod *corev1.Pod, container string) error {
	log, err := api.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Container: container, Follow: true}).Stream(ctx)
	if err != nil {
		return err
	}
	defer log.Close()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var window traffic.Window
		if err := json.Unmarshal(lines.Bytes(), &window); err != nil {
			return fmt.Errorf("%q: %w", lines.Text(), err)
		}
		if err := c.add(window); err != nil {
			return err
		}
	}
	return lines.Err()
}

// clientPod has a container with a client for each Service.
func clientPod(t *testing.T, image, node string, configs map[string]traffic.Config) *corev1.Pod {
	t.Helper()
	grace := int64(0)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "clients-" + node, Labels: map[string]string{clientsLabel: "true"}},
		Spec: corev1.PodSpec{
			// Not by the scheduler, since the node may be cordoned; and nothing may preempt the clients.
			NodeName: node, PriorityClassName: "system-node-critical",
			TerminationGracePeriodSeconds: &grace, RestartPolicy: corev1.RestartPolicyNever,
		},
	}
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		config := configs[name]
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: name, Image: image, Args: []string{
			"bench-client", "--url=" + config.URL, "--rate=" + strconv.Itoa(config.Rate),
		}, Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
			// A client without a share of the CPU would wait behind pods that start, and take that for a server that does not answer.
			corev1.ResourceCPU: resource.MustParse("100m"),
		}}})
	}
	return pod
}

// toll is what clients saw of a disruption.
type toll struct {
	Requests     int64            `json:"requests"`
	Failed       int64            `json:"failed"`
	LongestGapMs float64          `json:"longestGapMs"`
	Fresh        traffic.Count    `json:"newConnections"`
	Kept         traffic.Count    `json:"keepAlive"`
	Errors       map[string]int64 `json:"errors,omitempty"`
}

func (t *toll) add(windows []traffic.Window) {
	for _, window := range windows {
		t.Fresh, t.Kept = plus(t.Fresh, window.Fresh), plus(t.Kept, window.Kept)
		for kind, count := range window.Errors {
			if t.Errors == nil {
				t.Errors = map[string]int64{}
			}
			t.Errors[kind] += count
		}
	}
	t.Failed = t.Fresh.Failed + t.Kept.Failed
	t.Requests = t.Fresh.OK + t.Kept.OK + t.Failed
	t.LongestGapMs = max(t.Fresh.LongestGapMs, t.Kept.LongestGapMs)
}

func plus(a, b traffic.Count) traffic.Count {
	return traffic.Count{OK: a.OK + b.OK, Failed: a.Failed + b.Failed, LongestGapMs: max(a.LongestGapMs, b.LongestGapMs)}
}

func (t *toll) errorKinds() string {
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(t.Errors)) {
		all = append(all, fmt.Sprintf("%d %s", t.Errors[kind], kind))
	}
	return strings.Join(all, ", ")
}
