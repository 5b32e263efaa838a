#!/usr/bin/env bash
# A whole Ceph object gateway on loopback, in memory: one monitor, one object store, one gateway.
#   rgw.sh start FOLDER PORT   uses PORT to PORT+90; access key `testkey`, secret `testsecret`
#   rgw.sh stop FOLDER
# FOLDER should be short: the path of a Unix socket has 107 characters at most.
set -eu
action=$1 folder=$2

if [ "$action" = stop ]; then
  for name in client.rgw osd.0 mon.a; do kill -9 "$(cat "$folder/run/$name.pid")" 2>/dev/null || :; done
  rm -rf "$folder"
  exit
fi

port=$3
mkdir -p "$folder"/{mon,osd,rgw,run,log}
folder=$(cd "$folder" && pwd)
conf=$folder/ceph.conf keyring=$folder/keyring
monitor="[v2:127.0.0.1:$((port + 1)),v1:127.0.0.1:$((port + 2))]"
cluster=$(cat /proc/sys/kernel/random/uuid) disk=$(cat /proc/sys/kernel/random/uuid)

# The two `paxos` lines let it start in 4 seconds instead of 12.
cat >"$conf" <<CONF
[global]
fsid = $cluster
mon_host = $monitor
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_port_min = $((port + 10))
ms_bind_port_max = $((port + 90))
keyring = $keyring
run_dir = $folder/run
pid_file = $folder/run/\$name.pid
admin_socket = $folder/run/\$name.asok
log_file = $folder/log/\$name.log
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
mon_data_avail_crit = 1
mon_data_avail_warn = 2
[mon]
mon_data = $folder/mon
mon_initial_members = a
[osd]
osd_data = $folder/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_data = $folder/rgw
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw_thread_pool_size = 32
CONF

key() { ceph-authtool "$keyring" "$@" >/dev/null; }
key -C -n mon. --gen-key --cap mon 'allow *'
for name in client.admin client.rgw osd.0; do
  key -n "$name" --gen-key --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
done
monmaptool --create --fsid "$cluster" --addv a "$monitor" "$folder/monmap" >/dev/null
{
  ceph-mon -c "$conf" --mkfs -i a --monmap "$folder/monmap" --keyring "$keyring"
  ceph-mon -c "$conf" -i a
  ceph -c "$conf" osd new "$disk"
  ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$disk"
  ceph-osd -c "$conf" -i 0
  radosgw -c "$conf" -n client.rgw
} >"$folder/log/start.log" 2>&1
for _ in $(seq 600); do
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  sleep .1
done
radosgw-admin -c "$conf" -n client.rgw user create --uid=test --display-name=test \
  --access-key=testkey --secret-key=testsecret >"$folder/log/user.json" 2>&1
