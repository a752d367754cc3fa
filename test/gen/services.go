package gen

import (
	"encoding/json"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
)

// ShopWeb is the key of WebService.
var ShopWeb = types.NamespacedName{Namespace: "shop", Name: "web"}

// WebService returns the opted-in Service web.
func WebService(changes ...func(*corev1.Service)) *corev1.Service {
	single := corev1.IPFamilyPolicySingleStack
	return Changed(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", UID: "web-uid", ResourceVersion: "10",
			CreationTimestamp: metav1.NewTime(T0.Add(-time.Hour)),
			Annotations:       map[string]string{config.EnabledKey: "true"},
		},
		Spec: corev1.ServiceSpec{
			Type:           corev1.ServiceTypeClusterIP,
			Selector:       map[string]string{"app": "web"},
			Ports:          []corev1.ServicePort{{Name: "http", Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromString("web")}},
			IPFamilies:     []corev1.IPFamily{corev1.IPv4Protocol},
			IPFamilyPolicy: &single,
		},
	}, changes)
}

// LeaderOf returns a Service's leader Service as Tanist writes it.
func LeaderOf(source *corev1.Service, changes ...func(*corev1.Service)) *corev1.Service {
	cluster := corev1.ServiceInternalTrafficPolicyCluster
	return Changed(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: source.Namespace, Name: source.Name + "-leader", UID: types.UID(source.Name + "-leader-uid"), ResourceVersion: "20",
			Labels: map[string]string{config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: source.Name},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "v1", Kind: "Service", Name: source.Name, UID: source.UID, Controller: new(true),
			}},
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, Ports: slices.Clone(source.Spec.Ports),
			IPFamilies: source.Spec.IPFamilies, IPFamilyPolicy: source.Spec.IPFamilyPolicy,
			SessionAffinity: corev1.ServiceAffinityNone, InternalTrafficPolicy: &cluster,
			ClusterIP: "10.0.0.7", ClusterIPs: []string{"10.0.0.7"},
		},
	}, changes)
}

// DualStack gives a Service both address families, IPv4 first.
func DualStack(policy corev1.IPFamilyPolicy) func(*corev1.Service) {
	return func(s *corev1.Service) {
		s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}
		s.Spec.IPFamilyPolicy = &policy
	}
}

// Annotated returns WebService with more annotations: key, value, key, value.
func Annotated(keysAndValues ...string) *corev1.Service {
	return WebService(func(s *corev1.Service) {
		for i := 0; i < len(keysAndValues); i += 2 {
			s.Annotations[keysAndValues[i]] = keysAndValues[i+1]
		}
	})
}

// Remembering returns web's leader Service with a source's annotations as the last good ones.
func Remembering(source *corev1.Service, changes ...func(*corev1.Service)) *corev1.Service {
	values, err := json.Marshal(config.LastGood(source, nil))
	if err != nil {
		panic(err)
	}
	return LeaderOf(WebService(), append([]func(*corev1.Service){func(s *corev1.Service) {
		s.Annotations = map[string]string{config.LastGoodKey: string(values)}
	}}, changes...)...)
}
