package disruptions

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
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

// trafficClient is what one client of one leader Service has seen so far.
type trafficClient struct {
	name    string
	mu      sync.Mutex
	windows []traffic.Window
	err     error
}

// add appends a window. It skips one that it has already, which a stream sends again after it broke.
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

// remembered is for how many windows, of a second each, a failure counts. Linux' connection tracking keeps a connection that a server
// has reset for ten seconds, and for that long sends whoever gets its port to the pod that is gone.
const remembered = 12

// flows returns nil when the latest windows have requests of both kinds, all of which succeeded, and no earlier failure may still make
// requests fail. Otherwise the error says what is missing.
func (c *trafficClient) flows() error {
	if err := c.failed(); err != nil {
		return err
	}
	windows := c.after(0)
	if len(windows) < 2 {
		return fmt.Errorf("client %s has reported nothing yet", c.name)
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

// fromContainer reads what a client in a pod reports.
func fromContainer(ctx context.Context, api kubernetes.Interface, pod *corev1.Pod, container string) *trafficClient {
	client := &trafficClient{name: container + " on " + pod.Spec.NodeName}
	go wait.UntilWithContext(ctx, func(ctx context.Context) {
		// A container that has not started has no log, and a stream may break. The next stream begins anew, and add skips what it repeats.
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
func clientPod(image, node string, configs map[string]traffic.Config) *corev1.Pod {
	grace := int64(0)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "clients-" + node, Labels: map[string]string{clientsLabel: "true"}},
		Spec: corev1.PodSpec{
			// The scheduler would not place it on a cordoned node. Nothing may preempt the clients.
			NodeName: node, PriorityClassName: "system-node-critical",
			TerminationGracePeriodSeconds: &grace, RestartPolicy: corev1.RestartPolicyNever,
		},
	}
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		config := configs[name]
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: name, Image: image, Args: []string{
			"bench-client", "--url=" + config.URL, "--rate=" + strconv.Itoa(config.Rate),
		}, Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
			// Without a share of the CPU, a client would wait behind pods that start, and take that for a server that does not answer.
			corev1.ResourceCPU: resource.MustParse("100m"),
		}}})
	}
	return pod
}
