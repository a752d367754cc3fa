package commands

// What the pages speak of: the namespaces shop and warehouse with their workloads. Each scene can be made again, and then puts back what the
// commands of a page changed. They run in a folder with the repository's content.

// shop has two Deployments of the plugin's own server, payments and search, each with three pods and a leader.
const shop = `
kubectl create namespace shop 2>/dev/null || kubectl get namespace shop
kubectl label namespace shop tanist.dev/enabled=true --overwrite
kubectl uncordon --selector kubernetes.io/hostname
for name in payments search; do
  sed "s/payments/$name/" examples/tutorial.yaml >workload-$name.yaml
  echo '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "'$name'", "namespace": "shop", "annotations": {"tanist.dev/enabled": "true"}},
    "spec": {"selector": {"app": "'$name'"}, "ports": [{"port": 80, "targetPort": 8080}]}}' >service-$name.json
done
kubectl replace --filename service-payments.json --filename service-search.json 2>/dev/null ||
  kubectl create --filename service-payments.json --filename service-search.json
kubectl apply --filename workload-payments.yaml --filename workload-search.yaml
kubectl rollout status deployment/payments --namespace shop --timeout 2m
kubectl rollout status deployment/search --namespace shop --timeout 2m
kubectl wait --for create service/payments-leader service/search-leader --namespace shop --timeout 1m
kubectl wait --for condition=tanist.dev/LeaderReady service/payments-leader service/search-leader --namespace shop --timeout 1m
`

// warehouse has the StatefulSet stock, which is prepared as docs/how-to/quarantine-a-pod.md says.
const warehouse = `
kubectl create namespace warehouse 2>/dev/null || kubectl get namespace warehouse
kubectl label namespace warehouse tanist.dev/enabled=true --overwrite
service='{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "stock", "namespace": "warehouse", "annotations": {"tanist.dev/enabled": "true"}},
  "spec": {"selector": {"app": "stock", "serving": "true"}, "ports": [{"port": 80, "targetPort": 8080}]}}'
kubectl create --filename - <<<"$service" 2>/dev/null || kubectl replace --filename - <<<"$service"
kubectl apply --filename - <<<'{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "stock", "namespace": "warehouse"}, "spec": {
  "replicas": 2, "serviceName": "stock", "podManagementPolicy": "Parallel", "selector": {"matchLabels": {"app": "stock"}},
  "template": {"metadata": {"labels": {"app": "stock", "serving": "true"}}, "spec": {
    "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}], "terminationGracePeriodSeconds": 5,
    "securityContext": {"runAsNonRoot": true, "runAsUser": 65532},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": {"app": "stock"}}}],
    "containers": [{"name": "server", "image": "'"$BENCH_IMAGE"'", "imagePullPolicy": "IfNotPresent", "args": ["bench-server"],
      "ports": [{"containerPort": 8080}], "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}}]}}}}'
kubectl rollout status statefulset/stock --namespace warehouse --timeout 2m
kubectl wait --for create service/stock-leader --namespace warehouse --timeout 1m
kubectl wait --for condition=tanist.dev/LeaderReady service/stock-leader --namespace warehouse --timeout 1m
`

// spread has pods of payments on more than one node again after a drain.
const spread = `
nodes=$(kubectl get pods --namespace shop --selector app=payments --output jsonpath='{range .items[*]}{.spec.nodeName}{"\n"}{end}' | sort -u | wc -l)
if ((nodes < 2)); then
  kubectl rollout restart deployment/payments --namespace shop
  kubectl rollout status deployment/payments --namespace shop --timeout 2m
fi
`

// zenLead has what zen-lead makes for payments: a leader Service and a slice that are owned by the Services that they are made for. A pod
// that runs as long as zen-lead's would is there, too, and no zen-lead.
const zenLead = shop + zenLeadsObjects + `
kubectl create namespace zen-lead 2>/dev/null || kubectl get namespace zen-lead
kubectl apply --filename - <<<'{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "zen-lead", "namespace": "zen-lead"}, "spec": {
  "replicas": 1, "selector": {"matchLabels": {"app": "zen-lead"}}, "template": {"metadata": {"labels": {"app": "zen-lead"}}, "spec": {
    "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}], "securityContext": {"runAsNonRoot": true, "runAsUser": 65532},
    "containers": [{"name": "zen-lead", "image": "'"$BENCH_IMAGE"'", "imagePullPolicy": "IfNotPresent", "args": ["bench-server"],
      "lifecycle": {"preStop": {"sleep": {"seconds": 5}}}}]}}}}'
kubectl rollout status deployment/zen-lead --namespace zen-lead --timeout 2m
`

// zenLeadsObjects takes payments away from Tanist, and makes zen-lead's objects for it.
const zenLeadsObjects = `
for key in enabled preferred-leader leader-service; do kubectl annotate service payments --namespace shop tanist.dev/$key-; done
kubectl wait --for delete service/payments-leader service/payments-primary --namespace shop --timeout 1m
kubectl annotate service payments --namespace shop zen-lead.io/enabled=true
pod=$(kubectl get pods --namespace shop --selector app=payments --output jsonpath='{.items[0].metadata.name}')
address=$(kubectl get pod $pod --namespace shop --output jsonpath='{.status.podIP}')
uid=$(kubectl get pod $pod --namespace shop --output jsonpath='{.metadata.uid}')
owned() { # by a Service
  echo '"ownerReferences": [{"apiVersion": "v1", "kind": "Service", "name": "'$1'", "controller": true, "blockOwnerDeletion": true,
    "uid": "'$(kubectl get service $1 --namespace shop --output jsonpath='{.metadata.uid}')'"}]'
}
kubectl create --filename - <<<'{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "payments-leader", "namespace": "shop",
  "labels": {"app.kubernetes.io/managed-by": "zen-lead"}, "annotations": {"zen-lead.io/current-leader": "'$pod'"}, '"$(owned payments)"'},
  "spec": {"ports": [{"port": 80, "targetPort": 8080}]}}'
kubectl create --filename - <<<'{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "payments-leader", "namespace": "shop",
  "labels": {"kubernetes.io/service-name": "payments-leader", "endpointslice.kubernetes.io/managed-by": "zen-lead"}, '"$(owned payments-leader)"'},
  "addressType": "IPv4", "ports": [{"port": 8080}], "endpoints": [{"addresses": ["'$address'"], "conditions": {"ready": true},
    "targetRef": {"kind": "Pod", "namespace": "shop", "name": "'$pod'", "uid": "'$uid'"}}]}'
`

// CleanUp removes what the scenes and the commands have made.
const CleanUp = `
kubectl uncordon --selector kubernetes.io/hostname
kubectl delete clusterrolebinding prometheus-reads-tanist --ignore-not-found
kubectl delete namespace shop warehouse zen-lead monitoring tanist-docs --ignore-not-found --timeout 2m
`

// Variables that stand for placeholders.
const (
	// leader is the pod that leads payments, and node is its node.
	leader = `leader=$(kubectl tanist get payments --namespace shop --output jsonpath='{.items[0].leader.name}')
node=$(kubectl tanist get payments --namespace shop --output jsonpath='{.items[0].leader.node}')
`
	// replica is one of Tanist's pods.
	replica = `replica=$(kubectl get pods --namespace tanist-system --selector app.kubernetes.io/name=tanist --output jsonpath='{.items[0].metadata.name}')
`
)
