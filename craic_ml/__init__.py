"""The project: settings, urls, servers. Nothing imports it except manage.py and the servers."""

import pymysql

__version__ = "0.1.0"

pymysql.install_as_MySQLdb()
