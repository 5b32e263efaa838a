#!/usr/bin/env bash
# nginx as a store of bytes at `/cas/<sha256>`: reading is open, writing wants the user `ci` with the password `s3cret`.
#   nginx.sh start FOLDER PORT
#   nginx.sh stop FOLDER
set -eu
action=$1 folder=$2

if [ "$action" = stop ]; then
  kill "$(cat "$folder/nginx.pid")" 2>/dev/null || :
  rm -rf "$folder"
  exit
fi

port=$3
mkdir -p "$folder"/{store/cas,store/tmp,other}
folder=$(cd "$folder" && pwd)
printf 'ci:{PLAIN}s3cret\n' >"$folder/htpasswd"
cat >"$folder/nginx.conf" <<CONF
worker_processes 2;
pid $folder/nginx.pid;
error_log $folder/error.log warn;
$([ "$(id -u)" = 0 ] && echo "user $(id -un);" || :)
events { worker_connections 512; }
http {
  access_log off;
  default_type application/octet-stream;
  client_body_temp_path $folder/store/tmp;
  fastcgi_temp_path $folder/other;
  proxy_temp_path $folder/other;
  uwsgi_temp_path $folder/other;
  scgi_temp_path $folder/other;
  client_max_body_size 512m;
  server {
    listen 127.0.0.1:$port;
    root $folder/store;
    location ~ "^/cas/[0-9a-f]{64}\$" {
      dav_methods PUT;
      create_full_put_path on;
      dav_access user:rw group:r all:r;
      limit_except GET {
        auth_basic store;
        auth_basic_user_file $folder/htpasswd;
      }
    }
    location / { return 404; }
  }
}
CONF
nginx -p "$folder" -c "$folder/nginx.conf" -e "$folder/error.log"
