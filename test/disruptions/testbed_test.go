//go:build e2e

package disruptions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/traffic"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
	"github.com/tanist-dev/tanist/test/leaders"
)

// testbed is where disruptions happen: workloads with their leader Services, clients that send them requests from the host and from a
// pod on each node, and a recorder of the leaders.
type testbed struct {
	client    kubernetes.Interface
	namespace string
	apps      []app
	nodes     []string
	// windowed says that pods must have a drain window.
	windowed bool
	traffic  []*trafficClient
	recorder *leaders.Recorder
}

// newTestbed creates a testbed, and returns when all requests succeed.
func newTestbed(t *testing.T, client kubernetes.Interface, windowed bool, apps ...app) *testbed {
	t.Helper()
	s := &testbed{
		client: client, apps: apps, windowed: windowed, nodes: nodeNames(t, client),
		namespace: env.NewNamespace(t, client, map[string]string{config.EnabledKey: "true"}),
	}
	var err error
	if s.recorder, err = leaders.Record(t.Context(), client, s.namespace); err != nil {
		t.Fatal(err)
	}
	// Services first: a pod gets a drain window only if an opted-in Service selects it when it is created.
	for _, a := range apps {
		if _, err := client.CoreV1().Services(s.namespace).Create(t.Context(), a.service(), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	urls := map[string]string{}
	for _, a := range apps {
		env.Await(t, "the leader Service is there", func(ctx context.Context) error {
			service, err := client.CoreV1().Services(s.namespace).Get(ctx, a.name+"-leader", metav1.GetOptions{})
			if err != nil {
				return err
			}
			urls[a.name] = "http://" + service.Spec.ClusterIP + "/"
			return nil
		})
	}
	for _, a := range apps {
		s.create(t, a)
	}
	s.settle(t)
	s.sendTraffic(t, urls)
	return s
}

func nodeNames(t *testing.T, client kubernetes.Interface) (names []string) {
	t.Helper()
	list, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range list.Items {
		names = append(names, node.Name)
	}
	return names
}

func (s *testbed) create(t *testing.T, a app) {
	t.Helper()
	var err error
	if a.kind == kindStatefulSet {
		_, err = s.client.AppsV1().StatefulSets(s.namespace).Create(t.Context(), a.statefulSet(), metav1.CreateOptions{})
	} else {
		_, err = s.client.AppsV1().Deployments(s.namespace).Create(t.Context(), a.deployment(), metav1.CreateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (s *testbed) sendTraffic(t *testing.T, urls map[string]string) {
	t.Helper()
	fromNodes := map[string]traffic.Config{}
	for name, url := range urls {
		config := traffic.DefaultConfig()
		config.URL, config.Rate = url, rateFromHost/len(urls)
		s.traffic = append(s.traffic, fromHost(t.Context(), name+" on the host", config))
		config.Rate = rateFromNode / len(urls)
		fromNodes[name] = config
	}
	// In a namespace that has not opted in: Tanist has nothing to do with the clients.
	namespace := env.NewNamespace(t, s.client, nil)
	for _, node := range s.nodes {
		pod := clientPod(env.Image(), node, fromNodes)
		env.Await(t, "the clients' pod is created", func(ctx context.Context) error { // a new namespace lacks its service account
			created, err := s.client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
			if err == nil {
				pod = created
			}
			return err
		})
		for name := range fromNodes {
			s.traffic = append(s.traffic, fromContainer(t.Context(), s.client, pod, name))
		}
	}
	s.flow(t)
}

// flow waits until every client's requests succeed.
func (s *testbed) flow(t *testing.T) {
	t.Helper()
	env.Await(t, "requests succeed", func(context.Context) error {
		for _, client := range s.traffic {
			if err := client.flows(); err != nil {
				return err
			}
		}
		return nil
	})
}

// pods are an app's pods, those being deleted included.
func (s *testbed) pods(ctx context.Context, a app) ([]corev1.Pod, error) {
	list, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: a.selector()})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// leader is the pod that leads an app's Service.
func (s *testbed) leader(t *testing.T, a app) *corev1.Pod {
	t.Helper()
	var leader *corev1.Pod
	env.Await(t, a.name+" has a leader", func(ctx context.Context) (err error) {
		leader, err = s.leaderNow(ctx, a)
		return err
	})
	return leader
}

func (s *testbed) leaderNow(ctx context.Context, a app) (*corev1.Pod, error) {
	list, err := s.client.DiscoveryV1().EndpointSlices(s.namespace).List(ctx, metav1.ListOptions{
		LabelSelector: config.SourceServiceKey + "=" + a.name,
	})
	if err != nil {
		return nil, err
	}
	for _, slice := range list.Items {
		for _, endpoint := range slice.Endpoints {
			if endpoint.Conditions.Ready != nil && *endpoint.Conditions.Ready {
				return s.client.CoreV1().Pods(s.namespace).Get(ctx, endpoint.TargetRef.Name, metav1.GetOptions{})
			}
		}
	}
	return nil, errors.New("no pod leads")
}

// settle waits until every workload has exactly the pods that it asks for, all ready, of its newest revision, and one of them leads.
func (s *testbed) settle(t *testing.T) {
	t.Helper()
	for _, a := range s.apps {
		env.Await(t, a.name+" settles", func(ctx context.Context) error {
			want, revision, err := s.wanted(ctx, a)
			if err != nil {
				return err
			}
			pods, err := s.pods(ctx, a)
			if err != nil {
				return err
			}
			if len(pods) != int(want) {
				return fmt.Errorf("%d pods, want %d", len(pods), want)
			}
			for _, pod := range pods {
				if !env.IsReady(&pod) || !hasRevision(pod, revision) {
					return fmt.Errorf("pod %s is not ready, is being deleted or is old", pod.Name)
				}
			}
			leader, err := s.leaderNow(ctx, a)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return pod.UID == leader.UID }) {
				return fmt.Errorf("%s leads, which is not one of the pods", leader.Name)
			}
			return nil
		})
	}
}
