//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/traffic"
	"github.com/tanist-dev/tanist/config"
)

// stage is where disruptions happen: workloads with their leader Services, clients that send them requests from the host and from a
// pod on each node, and a record of who led.
type stage struct {
	client    kubernetes.Interface
	namespace string
	apps      []app
	nodes     []string
	// windowed says that pods must have a drain window.
	windowed bool
	traffic  []*trafficClient
	recorder *recorder
}

// newStage brings it, with the requests flowing.
func newStage(t *testing.T, client kubernetes.Interface, windowed bool, apps ...app) *stage {
	t.Helper()
	s := &stage{
		client: client, apps: apps, windowed: windowed, nodes: nodeNames(t, client),
		namespace: newNamespace(t, client, map[string]string{config.EnabledKey: "true"}),
	}
	s.recorder = record(t, client, s.namespace)
	// Services first: a pod has a drain window only when an opted-in Service selects it as it is made.
	for _, a := range apps {
		if _, err := client.CoreV1().Services(s.namespace).Create(t.Context(), a.service(), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	urls := map[string]string{}
	for _, a := range apps {
		await(t, "the leader Service is there", patience, func(ctx context.Context) error {
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

func (s *stage) create(t *testing.T, a app) {
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

func (s *stage) sendTraffic(t *testing.T, urls map[string]string) {
	t.Helper()
	fromNodes := map[string]traffic.Config{}
	for name, url := range urls {
		config := traffic.DefaultConfig()
		config.URL, config.Rate = url, rateFromHost/len(urls)
		s.traffic = append(s.traffic, fromHost(t.Context(), name+" on the host", config))
		config.Rate = rateFromNode / len(urls)
		fromNodes[name] = config
	}
	// In a namespace that has not opted in: the clients are no concern of Tanist's.
	namespace := newNamespace(t, s.client, nil)
	for _, node := range s.nodes {
		pod := clientPod(t, os.Getenv("BENCH_IMAGE"), node, fromNodes)
		await(t, "the clients' pod is created", patience, func(ctx context.Context) error { // a new namespace lacks its service account
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
func (s *stage) flow(t *testing.T) {
	t.Helper()
	await(t, "requests succeed", patience, func(context.Context) error {
		for _, client := range s.traffic {
			if err := client.flows(); err != nil {
				return err
			}
		}
		return nil
	})
}

// pods are an app's, those that are being deleted too.
func (s *stage) pods(ctx context.Context, a app) ([]corev1.Pod, error) {
	list, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: a.selector()})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// leader is the pod that leads an app's Service.
func (s *stage) leader(t *testing.T, a app) *corev1.Pod {
	t.Helper()
	var leader *corev1.Pod
	await(t, a.name+" has a leader", patience, func(ctx context.Context) (err error) {
		leader, err = s.leaderNow(ctx, a)
		return err
	})
	return leader
}

func (s *stage) leaderNow(ctx context.Context, a app) (*corev1.Pod, error) {
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
	return nil, errors.New("nobody leads")
}

// settle waits until every workload has exactly the pods that it asks for, all ready, of its newest revision, and one of them leads.
func (s *stage) settle(t *testing.T) {
	t.Helper()
	for _, a := range s.apps {
		await(t, a.name+" settles", patience, func(ctx context.Context) error {
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
				if !podReady(pod) || pod.DeletionTimestamp != nil || !hasRevision(pod, revision) {
					return fmt.Errorf("pod %s is not ready, is going or is old", pod.Name)
				}
			}
			leader, err := s.leaderNow(ctx, a)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return pod.UID == leader.UID }) {
				return fmt.Errorf("%s leads, which is none of the pods", leader.Name)
			}
			return nil
		})
	}
}
