//go:build integration

package integration_test

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// backup is what a backup program saves of a namespace.
type backup struct {
	slices      []discoveryv1.EndpointSlice
	services    []corev1.Service
	deployments []appsv1.Deployment
}

func (s *testNamespace) backUp() backup {
	s.t.Helper()
	ctx, all := s.t.Context(), metav1.ListOptions{}
	slices, err := clientset.DiscoveryV1().EndpointSlices(s.namespace).List(ctx, all)
	if err != nil {
		s.t.Fatal(err)
	}
	services, err := clientset.CoreV1().Services(s.namespace).List(ctx, all)
	if err != nil {
		s.t.Fatal(err)
	}
	deployments, err := clientset.AppsV1().Deployments(s.namespace).List(ctx, all)
	if err != nil {
		s.t.Fatal(err)
	}
	return backup{slices.Items, services.Items, deployments.Items}
}

// keepOwners restores objects with their old owners, which are gone.
func keepOwners(restored *metav1.ObjectMeta, saved metav1.ObjectMeta) {
	restored.OwnerReferences = saved.OwnerReferences
}

// restored is the metadata that most backup programs restore.
func restored(saved metav1.ObjectMeta, change []func(restored *metav1.ObjectMeta, saved metav1.ObjectMeta)) metav1.ObjectMeta {
	meta := metav1.ObjectMeta{Name: saved.Name, Labels: saved.Labels, Annotations: saved.Annotations}
	for _, change := range change {
		change(&meta, saved)
	}
	return meta
}

// restore creates a backup's objects in the namespace: EndpointSlices, Services, Deployments. It leaves what exists.
func (s *testNamespace) restore(b backup, change ...func(restored *metav1.ObjectMeta, saved metav1.ObjectMeta)) {
	s.t.Helper()
	ctx, options := s.t.Context(), metav1.CreateOptions{}
	check := func(err error) {
		s.t.Helper()
		if err != nil && !apierrors.IsAlreadyExists(err) {
			s.t.Fatalf("failed to restore: %v", err)
		}
	}
	for _, slice := range b.slices {
		slice = *slice.DeepCopy()
		slice.ObjectMeta = restored(slice.ObjectMeta, change)
		for i := range slice.Endpoints {
			slice.Endpoints[i].TargetRef.Namespace = s.namespace
		}
		_, err := clientset.DiscoveryV1().EndpointSlices(s.namespace).Create(ctx, &slice, options)
		check(err)
	}
	for _, service := range b.services {
		service = *service.DeepCopy()
		service.ObjectMeta = restored(service.ObjectMeta, change)
		service.Spec.ClusterIP, service.Spec.ClusterIPs = "", nil
		_, err := clientset.CoreV1().Services(s.namespace).Create(ctx, &service, options)
		check(err)
	}
	for _, deployment := range b.deployments {
		deployment = *deployment.DeepCopy()
		deployment.ObjectMeta = restored(deployment.ObjectMeta, change)
		_, err := clientset.AppsV1().Deployments(s.namespace).Create(ctx, &deployment, options)
		check(err)
	}
}
