"""The project: settings, urls, servers. Nothing imports it except manage.py and the servers."""

import pymysql

pymysql.install_as_MySQLdb()
